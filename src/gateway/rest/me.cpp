#include <gateway/rest/identity_request.hpp>
#include <gateway/rest/json.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/identity/authenticator.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <vector>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;
using access::Grant;
using access::Resource;
using access::ResourceKind;

json::array to_json(const std::vector<std::string>& texts) {
    return json::array(texts.begin(), texts.end());
}

// What is allowed in each area, after all that is denied.
json::object areas_of(const access::Rights& rights) {
    json::object areas;
    for (const std::string_view area : access::areas()) {
        json::array allowed;
        for (const Action action : access::actions())
            if (access::fits(action, ResourceKind::area) &&
                rights.allows(action, Resource::area(area)))
                allowed.emplace_back(access::to_string(action));
        if (!allowed.empty()) areas[area] = std::move(allowed);
    }
    return areas;
}

// The rules about one kind of resource, those that deny first: a name is allowed where one of them
// allows it and none denies it.
json::array rules_about(const std::vector<Grant>& grants, ResourceKind kind, std::string_view key,
                        const std::vector<std::string> Grant::* names, const char* everything) {
    json::array rules;
    for (const Grant& grant : grants) {
        if (!grant.is_all && (grant.*names).empty()) continue;
        json::array actions;
        for (const Action action : access::actions()) {
            const bool is_meant =
                grant.is_all || std::ranges::find(grant.actions, action) != grant.actions.end();
            if (is_meant && access::fits(action, kind))
                actions.emplace_back(access::to_string(action));
        }
        if (actions.empty()) continue;
        rules.push_back(
            json::object{{grant.is_deny ? "deny" : "allow", std::move(actions)},
                         {key, grant.is_all ? json::array{everything} : to_json(grant.*names)}});
    }
    return rules;
}

HttpResponse me(const Identities& identities, const HttpRequest& request) {
    const access::Principal& who = request.caller->principal;
    const std::vector<Grant> grants = request.caller->rights.grants();
    json::object out{{"name", who.name},
                     {"kind", access::to_string(who.kind)},
                     {"roles", to_json(who.roles)},
                     {"has_users", identities.users != nullptr}};
    if (!who.token_id.empty()) out["token"] = who.token_id;
    out["areas"] = areas_of(request.caller->rights);
    out["topics"] = rules_about(grants, ResourceKind::topic, "topics", &Grant::topics, "#");
    out["streams"] = rules_about(grants, ResourceKind::stream, "streams", &Grant::streams, "*");
    HttpResponse response = json_response(out);
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

} // namespace

void add_me_route(Router& router, const Identities& identities) {
    router.add("GET", "/api/v1/me", {}, Right::signed_in(),
               [identities](const HttpRequest& request, const Reply& reply) {
                   reply.send(me(identities, request));
               });
}

} // namespace holdfast::gateway
