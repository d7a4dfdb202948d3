// Goal: whatever the rules are, a granted filter grants what it matches, deny wins, a further role
// that only allows takes nothing away, and no name makes more of a rule than its text. Method:
// random policies over few levels, so that patterns meet often; the seed is Catch's (--rng-seed).
#include <holdfast/access/policy.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <random>
#include <string>
#include <vector>

using namespace holdfast;
using access::Action;
using access::Resource;

namespace {

constexpr std::array<const char*, 4> kLevels{"a", "b", "$x", ""};
constexpr std::array<const char*, 8> kNames{"a", "+", "#", "a/b", "$share", "*", "{user}", "b"};
constexpr int kPolicies = 300;
constexpr int kQuestions = 40;

class Random {
public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine_);
    }
    template <class Choices>
    std::string one_of(const Choices& choices) {
        return choices[below(std::size(choices))];
    }
    // A filter, with `{user}` as a level now and then where it is a rule's.
    std::string filter(bool is_rule) {
        std::string out;
        for (std::size_t left = 1 + below(3); left > 0; --left) {
            const std::size_t kind = below(8);
            if (!out.empty()) out += '/';
            if (kind == 0 && left == 1) return out + "#";
            if (kind == 1)
                out += "+";
            else if (kind == 2 && is_rule)
                out += "{user}";
            else
                out += kLevels[below(3)]; // an empty filter is none
        }
        return out;
    }
    // A topic that the filter matches.
    std::string topic_of(const std::string& filter) {
        std::string out;
        for (std::size_t begin = 0; begin <= filter.size();) {
            const std::size_t end = std::min(filter.find('/', begin), filter.size());
            const std::string level = filter.substr(begin, end - begin);
            if (level == "#") {
                if (!out.empty() && below(3) == 0) return out.substr(0, out.size() - 1);
                return out + (begin == 0 ? "a" : one_of(kLevels)) + (below(2) == 0 ? "" : "/b");
            }
            // `+` and `#` at the start match no topic that begins with `$`.
            out += level != "+" ? level : begin == 0 ? "b" : one_of(kLevels);
            if (end == filter.size()) return out;
            out += '/';
            begin = end + 1;
        }
        return out;
    }
    std::string rule(const char* effect) {
        return std::string("    - {") + effect + ": " + (below(2) == 0 ? "publish" : "subscribe") +
               ", topics: [\"" + filter(true) + "\"]}\n";
    }

private:
    std::mt19937 engine_;
};

access::Policy make(const std::string& text) {
    const auto file = config::parse_access(text, "access.yaml");
    INFO((file ? "" : file.error().context));
    REQUIRE(file);
    auto policy = access::Policy::make(file.value());
    INFO((policy ? "" : policy.error().context));
    REQUIRE(policy);
    return std::move(policy).value();
}

access::Principal user(const std::string& name, std::vector<std::string> roles) {
    access::Principal principal;
    principal.name = name;
    principal.kind = access::PrincipalKind::user;
    principal.roles = std::move(roles);
    return principal;
}

} // namespace

TEST_CASE("what a policy grants holds together, whatever its rules", "[access][property]") {
    const auto seed = static_cast<std::uint32_t>(Catch::rngSeed());
    INFO("seed " << seed);
    Random random(seed);
    int granted = 0;
    for (int i = 0; i < kPolicies; ++i) {
        std::string text = "roles:\n  one:\n";
        for (std::size_t rules = 1 + random.below(4); rules > 0; --rules)
            text += random.rule(random.below(4) == 0 ? "deny" : "allow");
        text += "  more:\n" + random.rule("allow") + random.rule("allow");
        text += "  none: [{deny: [publish, subscribe], topics: [\"#\", \"$x/#\"]}]\n";
        INFO(text);
        const access::Policy policy = make(text);
        const std::string name = random.one_of(kNames);
        const auto one = policy.rights_of(user(name, {"one"}));
        const auto both = policy.rights_of(user(name, {"more", "one"}));
        const auto none = policy.rights_of(user(name, {"one", "more", "none"}));
        for (int question = 0; question < kQuestions; ++question) {
            const std::string filter = random.filter(false);
            const std::string topic = random.topic_of(filter);
            const Action action = random.below(2) == 0 ? Action::publish : Action::subscribe;
            INFO(name << " asks for " << filter << " and " << topic);
            const bool is_filter = one.allows(action, Resource::topic_filter(filter));
            const bool is_topic = one.allows(action, Resource::topic(topic));
            granted += is_filter ? 1 : 0;
            if (is_filter) REQUIRE(is_topic);
            if (is_filter) REQUIRE(both.allows(action, Resource::topic_filter(filter)));
            if (is_topic) REQUIRE(both.allows(action, Resource::topic(topic)));
            REQUIRE_FALSE(none.allows(action, Resource::topic(topic)));
            REQUIRE_FALSE(none.allows(action, Resource::topic_filter(filter)));
        }
    }
    CHECK(granted > kPolicies); // else nothing was asked
}

TEST_CASE("a name gives its own topics and no others", "[access][property]") {
    const auto seed = static_cast<std::uint32_t>(Catch::rngSeed());
    INFO("seed " << seed);
    Random random(seed);
    const access::Policy policy =
        make("roles:\n  device: [{allow: [publish, subscribe], topics: [\"a/{user}/#\"]}]\n");
    for (int i = 0; i < kPolicies * kQuestions; ++i) {
        const std::string name = random.one_of(kNames);
        const std::string filter = random.filter(false);
        const std::string topic = random.topic_of(filter);
        INFO(name << " asks for " << filter << " and " << topic);
        const auto rights = policy.rights_of(user(name, {"device"}));
        const bool is_own = topic == "a/" + name || topic.starts_with("a/" + name + "/");
        if (rights.allows(Action::publish, Resource::topic(topic))) REQUIRE(is_own);
        if (rights.allows(Action::subscribe, Resource::topic_filter(filter))) REQUIRE(is_own);
    }
}
