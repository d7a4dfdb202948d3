// Invariant: any bytes are refused with file and line, or make a policy that decides: allows() and
// decide() say the same, nobody without a role gets anything, a filter that is granted grants the
// topics that it matches, and a name with wildcards in it is never taken for a pattern.
#include <holdfast/access/policy.hpp>

#include <array>
#include <cstdlib>
#include <string>

using namespace holdfast;
using access::Action;
using access::Resource;

namespace {

struct Pair {
    const char* filter;
    const char* topic; // that it matches
};
constexpr std::array<Pair, 6> kPairs{{{"plant/#", "plant/a/b"},
                                      {"plant/+/x", "plant/a/x"},
                                      {"#", "plant"},
                                      {"+/+", "a/b"},
                                      {"plant/a/#", "plant/a"},
                                      {"cmd/+/on", "cmd//on"}}};
constexpr std::array<const char*, 6> kNames{"press", "+", "#", "a/b", "$share", "*"};

void require(bool holds) {
    if (!holds) std::abort();
}

bool may(const access::Rights& rights, Action action, const Resource& resource) {
    const bool is_allowed = rights.allows(action, resource);
    require(rights.decide(action, resource).is_allowed == is_allowed);
    return is_allowed;
}

void check(const access::Policy& policy, const access::Principal& who) {
    const access::Rights rights = policy.rights_of(who);
    for (const Pair& pair : kPairs)
        for (const Action action : {Action::publish, Action::subscribe})
            if (may(rights, action, Resource::topic_filter(pair.filter)))
                require(may(rights, action, Resource::topic(pair.topic)));
    for (const char* stream : {"telemetry", "audit"})
        for (const Action action : {Action::read, Action::write, Action::manage})
            if (may(rights, action, Resource::stream(stream))) require(!who.roles.empty());
    for (const std::string_view area : access::areas())
        if (may(rights, Action::administer, Resource::area(area))) require(!who.roles.empty());
    require(rights.grants().empty() || !who.roles.empty());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto file = config::parse_access(text, "access.yaml");
    if (!file) {
        require(file.error().context.starts_with("access.yaml"));
        return 0;
    }
    const auto policy = access::Policy::make(file.value());
    if (!policy) {
        require(policy.error().context.starts_with("access.yaml:"));
        return 0;
    }
    access::Principal who;
    who.roles = policy.value().anonymous_roles();
    check(policy.value(), who);
    for (const char* name : kNames) {
        who.name = who.client_id = who.common_name = name;
        who.roles = policy.value().role_names();
        check(policy.value(), who);
        who.roles.clear();
        check(policy.value(), who);
    }
    return 0;
}
