// Goal: a decision is the one that access.yaml says, whatever names its askers gave themselves.
// Method: small files as text, one question a row; the names are those that attackers choose.

#include <holdfast/access/policy.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast;
using access::Action;
using access::Principal;
using access::PrincipalKind;
using access::Resource;

namespace {

constexpr const char* kFile = R"(
roles:
  sensor:
    - {allow: publish, topics: ["plant/{user}/#"]}
    - {allow: subscribe, topics: ["cmd/{user}/+", "news"]}
    - {allow: connect, clients: ["{user}", "{user}-*"]}
  viewer:
    - {allow: subscribe, topics: ["plant/#"]}
    - {deny: [subscribe, publish], topics: ["plant/+/secret/#"]}
    - {allow: [read, write], streams: ["telemetry", "derived-*"]}
    - {allow: read, areas: [alarms, rules]}
  truck:
    - {allow: publish, topics: ["fleet/{n}/obd"], user: "truck-{n}"}
    - {allow: publish, topics: ["cert/{cn}/up", "car-{client}/up"]}
  administrator:
    - {allow: all}
  guest:
    - {allow: subscribe, topics: ["#"]}
    - {deny: subscribe, topics: ["private/{user}/x"]}
anonymous: [guest]
)";

access::Policy policy_of(const std::string& text) {
    const auto file = config::parse_access(text, "access.yaml");
    INFO((file ? "" : file.error().context));
    REQUIRE(file);
    const auto policy = access::Policy::make(file.value());
    INFO((policy ? "" : policy.error().context));
    REQUIRE(policy);
    return policy.value();
}

Principal user(std::string name, std::vector<std::string> roles) {
    Principal principal;
    principal.name = std::move(name);
    principal.kind = PrincipalKind::user;
    principal.roles = std::move(roles);
    principal.client_id = principal.name + "-1";
    return principal;
}

struct Question {
    const char* why;
    Principal who;
    Action action;
    Resource what;
    bool is_allowed;
};

} // namespace

TEST_CASE("rights are what the rules of the roles say", "[access]") {
    const access::Policy policy = policy_of(kFile);
    const Principal m1 = user("m1", {"sensor"});
    const Principal eve = user("+", {"sensor"});
    const Principal hash = user("#", {"sensor"});
    const Principal slash = user("m1/a", {"sensor"});
    const Principal both = user("m1", {"sensor", "viewer"});
    Principal nobody;
    nobody.roles = {"guest"};
    Principal nameless = nobody;
    nameless.roles = {"sensor"};
    Principal cn = user("x", {"truck"});
    cn.common_name = "press";
    cn.client_id = "c";
    const std::vector<Question> questions{
        {"own topic", m1, Action::publish, Resource::topic("plant/m1/t"), true},
        {"`#` reaches the level above", m1, Action::publish, Resource::topic("plant/m1"), true},
        {"another's topic", m1, Action::publish, Resource::topic("plant/m2/t"), false},
        {"a name that goes on", m1, Action::publish, Resource::topic("plant/m10/t"), false},
        {"publishing gives no subscribing", m1, Action::subscribe,
         Resource::topic_filter("plant/m1/t"), false},
        {"own commands", m1, Action::subscribe, Resource::topic_filter("cmd/m1/+"), true},
        {"one of own commands", m1, Action::subscribe, Resource::topic_filter("cmd/m1/stop"), true},
        {"wider than granted", m1, Action::subscribe, Resource::topic_filter("cmd/m1/#"), false},
        {"wider than granted", m1, Action::subscribe, Resource::topic_filter("cmd/+/stop"), false},
        {"wider than granted", m1, Action::subscribe, Resource::topic_filter("#"), false},
        {"own client id", m1, Action::connect, Resource::client_id("m1"), true},
        {"own client id, a second", m1, Action::connect, Resource::client_id("m1-b"), true},
        {"another's client id", m1, Action::connect, Resource::client_id("m2"), false},
        {"a name `+` is no wildcard", eve, Action::publish, Resource::topic("plant/m1/t"), false},
        {"a name `+` is no wildcard", eve, Action::subscribe, Resource::topic_filter("cmd/+/stop"),
         false},
        {"a name `#` is no wildcard", hash, Action::subscribe, Resource::topic_filter("cmd/#"),
         false},
        {"a name `#` is no wildcard", hash, Action::publish, Resource::topic("plant/m1"), false},
        {"a name with `/` is one level", slash, Action::publish, Resource::topic("plant/m1/a/t"),
         false},
        {"no name, no `{user}`", nameless, Action::publish, Resource::topic("plant//t"), false},
        {"no name, no client id", nameless, Action::connect, Resource::client_id(""), false},
        {"roles add up", both, Action::subscribe, Resource::topic_filter("plant/+/t"), true},
        {"deny wins", both, Action::publish, Resource::topic("plant/m1/secret/key"), false},
        {"a filter that reaches a denied topic", both, Action::subscribe,
         Resource::topic_filter("plant/#"), false},
        {"a filter that reaches a denied topic", both, Action::subscribe,
         Resource::topic_filter("plant/m1/+"), false},
        {"a filter beside it", both, Action::subscribe, Resource::topic_filter("plant/m1/open/#"),
         true},
        {"a stream by name", both, Action::read, Resource::stream("telemetry"), true},
        {"a stream by its start", both, Action::write, Resource::stream("derived-1"), true},
        {"another stream", both, Action::read, Resource::stream("audit"), false},
        {"a stream is read, not managed", both, Action::manage, Resource::stream("telemetry"),
         false},
        {"an area", both, Action::read, Resource::area("alarms"), true},
        {"an area is read, not managed", both, Action::manage, Resource::area("alarms"), false},
        {"a capture of the name", user("truck-7", {"truck"}), Action::publish,
         Resource::topic("fleet/7/obd"), true},
        {"another's capture", user("truck-7", {"truck"}), Action::publish,
         Resource::topic("fleet/8/obd"), false},
        {"a capture is no wildcard", user("truck-+", {"truck"}), Action::publish,
         Resource::topic("fleet/8/obd"), false},
        {"an empty capture is none", user("truck-", {"truck"}), Action::publish,
         Resource::topic("fleet//obd"), false},
        {"the name of a certificate", cn, Action::publish, Resource::topic("cert/press/up"), true},
        {"no certificate", user("x", {"truck"}), Action::publish, Resource::topic("cert//up"),
         false},
        {"a placeholder inside a level", cn, Action::publish, Resource::topic("car-c/up"), true},
        {"the administrator", user("root", {"administrator"}), Action::administer,
         Resource::area("users"), true},
        {"the administrator, `$` topics", user("root", {"administrator"}), Action::subscribe,
         Resource::topic_filter("$SYS/#"), true},
        {"`#` reaches no `$` topic", nobody, Action::subscribe, Resource::topic_filter("$SYS/#"),
         false},
        {"`#` reaches no `$` topic", nobody, Action::subscribe, Resource::topic("$SYS/uptime"),
         false},
        {"a deny without its value denies whoever it could mean", nobody, Action::subscribe,
         Resource::topic("private/anne/x"), false},
        {"a deny without its value", nobody, Action::subscribe, Resource::topic("private/anne/y"),
         true},
        {"an unknown role gives nothing", user("m1", {"sensors"}), Action::publish,
         Resource::topic("plant/m1/t"), false},
        {"no role gives nothing", user("m1", {}), Action::connect, Resource::client_id("m1"),
         false},
        {"an action that cannot be done to it", user("root", {"administrator"}), Action::publish,
         Resource::stream("telemetry"), false},
    };
    for (const Question& question : questions) {
        CAPTURE(question.why, question.who.name, std::string(question.what.name));
        const access::Rights rights = policy.rights_of(question.who);
        CHECK(rights.allows(question.action, question.what) == question.is_allowed);
        CHECK(access::decide(policy, question.who, question.action, question.what).is_allowed ==
              question.is_allowed);
    }
}

TEST_CASE("a decision names the rule that made it", "[access]") {
    const access::Policy policy = policy_of(kFile);
    const Principal both = user("m1", {"sensor", "viewer"});
    const auto asked = [&](Action action, Resource what) {
        return access::decide(policy, both, action, what).rule;
    };
    CHECK(asked(Action::publish, Resource::topic("plant/m1/t")) ==
          "access.yaml:4: sensor: allow publish to plant/{user}/#");
    CHECK(asked(Action::publish, Resource::topic("plant/m1/secret/a")) ==
          "access.yaml:9: viewer: deny subscribe, publish to plant/+/secret/#");
    CHECK(asked(Action::publish, Resource::topic("x")) == "no rule allows it");
    CHECK(access::decide(access::Policy::unrestricted(), Principal{}, Action::publish,
                         Resource::topic("x"))
              .rule == "no users are configured");
}

TEST_CASE("rights stay what they were when the policy goes", "[access]") {
    access::Policy policy = policy_of(kFile);
    const access::Rights rights = policy.rights_of(user("m1", {"sensor"}));
    policy = access::Policy::unrestricted();
    CHECK(rights.allows(Action::publish, Resource::topic("plant/m1/t")));
    CHECK_FALSE(rights.allows(Action::publish, Resource::topic("plant/m2/t")));
    CHECK(rights.decide(Action::publish, Resource::topic("plant/m1/t")).rule ==
          "access.yaml:4: sensor: allow publish to plant/{user}/#");
}

TEST_CASE("a rule that cannot mean what it says is refused with its line", "[access]") {
    struct Row {
        const char* rule;
        const char* reason;
    };
    const auto row = GENERATE(values<Row>({
        {"{allow: fly, topics: [a]}", "'fly' is no action"},
        {"{allow: publish}", "names nothing to publish: `topics`"},
        {"{allow: publish, streams: [a]}", "names nothing to publish: `topics`"},
        {"{allow: [publish, read], topics: [a]}", "names nothing to read: `streams` or `areas`"},
        {"{allow: publish, topics: [a], areas: [rules]}", "areas: no action of the rule"},
        {"{allow: administer, streams: [a]}", "names nothing to administer: `areas`"},
        {"{allow: publish, topics: ['a/{device}']}",
         "'{device}' is none of {user}, {client}, {cn}"},
        {"{allow: publish, topics: ['a/{user']}", "a brace is not closed"},
        {"{allow: publish, topics: ['a/b+']}", "a wildcard fills a whole level"},
        {"{allow: publish, topics: ['a/#/b']}", "`#` must be the last level"},
        {"{allow: subscribe, topics: ['$share/g/a']}", "rights are about topics"},
        {"{allow: publish, topics: ['a/*']}", "`*` stands for any text in names"},
        {"{allow: read, areas: [alarm]}", "there is no area 'alarm'"},
        {"{allow: publish, topics: [a], user: 'x{a}{b}'}", "a second capture"},
        {"{allow: publish, topics: [a], user: '{user}'}", "is the name of a placeholder"},
    }));
    CAPTURE(row.rule);
    const std::string text = std::string("roles:\n  r:\n    - ") + row.rule + "\n";
    const auto file = config::parse_access(text, "etc/access.yaml");
    REQUIRE(file);
    const auto policy = access::Policy::make(file.value());
    REQUIRE_FALSE(policy);
    CHECK(policy.error().code == Errc::malformed);
    CHECK(policy.error().context.starts_with("etc/access.yaml:3: "));
    CHECK(policy.error().context.find(row.reason) != std::string::npos);
}
