// Goal: the audit is read by whoever has the right to it, by whichever door, and by nobody else.
// Method: one rule a row, asked for the stream as all doors ask.
#include <holdfast/access/audit_event.hpp>
#include <holdfast/access/policy.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;
using access::Action;
using access::Resource;

namespace {

access::Rights rights_of(const std::string& rules) {
    const auto file =
        config::parse_access("roles: {r: [" + rules + "]}\nanonymous: []\n", "access.yaml");
    REQUIRE(file);
    auto policy = access::Policy::make(file.value());
    REQUIRE(policy);
    access::Principal principal;
    principal.name = "eve";
    principal.roles = {"r"};
    return policy.value().rights_of(principal);
}

} // namespace

TEST_CASE("no rule over streams gives the audit", "[access][audit]") {
    struct Row {
        const char* rules;
        bool is_allowed;
    };
    const auto row = GENERATE(values<Row>({
        {"{allow: read, streams: ['*']}", false},
        {"{allow: read, streams: [audit]}", false},
        {"{allow: [read, write, manage], streams: ['*', 'a*'], areas: [alarms]}", false},
        {"{allow: [read, administer], streams: ['*'], areas: [users]}", false},
        {"{allow: read, areas: [audit]}", true},
        {"{allow: read, areas: ['*']}", true},
        {"{allow: all}", true},
        {"{allow: all}, {deny: read, areas: [audit]}", false},
        {"{allow: read, areas: [audit]}, {deny: read, streams: ['*']}", false},
        {"{allow: manage, areas: [audit]}", false},
    }));
    CAPTURE(row.rules);
    const access::Rights rights = rights_of(row.rules);
    const auto audit = Resource::stream(access::kAuditStream);
    CHECK(rights.allows(Action::read, audit) == row.is_allowed);
    CHECK(rights.decide(Action::read, audit).is_allowed == row.is_allowed);
}

TEST_CASE("rights are shown with their values put in, those that deny first", "[access]") {
    const access::Rights rights = rights_of(
        "{allow: publish, topics: ['plant/{user}/#', 'a/+']}, {deny: publish, topics: [a/b]}, "
        "{allow: [read, manage], streams: ['{user}-*'], areas: [rules]}");
    const auto grants = rights.grants();
    REQUIRE(grants.size() == 3);
    CHECK(grants[0].is_deny);
    CHECK(grants[0].topics == std::vector<std::string>{"a/b"});
    CHECK(grants[1].actions == std::vector<Action>{Action::publish});
    CHECK(grants[1].topics == std::vector<std::string>{"plant/eve/#", "a/+"});
    CHECK(grants[2].streams == std::vector<std::string>{"eve-*"});
    CHECK(grants[2].areas == std::vector<std::string>{"rules"});
    CHECK(rights_of("{allow: all}").grants().at(0).is_all);
}
