#include <gateway/rest/identity_request.hpp>
#include <gateway/rest/json.hpp>
#include <holdfast/config/access_file.hpp>
#include <holdfast/identity/authenticator.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

// As access.yaml has it, with the place where it stands there.
json::object to_json(const config::AccessRule& rule) {
    json::object out;
    const auto add = [&](std::string_view key, const std::vector<std::string>& texts) {
        if (!texts.empty()) out[key] = json::array(texts.begin(), texts.end());
    };
    add(rule.is_deny ? "deny" : "allow", rule.actions);
    add("topics", rule.topics);
    add("streams", rule.streams);
    add("areas", rule.areas);
    add("clients", rule.clients);
    if (!rule.user.empty()) out["user"] = rule.user;
    out["where"] = rule.where.substr(rule.where.find_last_of('/') + 1);
    return out;
}

HttpResponse roles(const config::AccessFile& file) {
    json::array all;
    for (const config::AccessRole& role : file.roles) {
        json::array rules;
        for (const config::AccessRule& rule : role.rules) rules.push_back(to_json(rule));
        const bool is_anonymous =
            std::ranges::find(file.anonymous, role.name) != file.anonymous.end();
        all.push_back(json::object{
            {"name", role.name}, {"anonymous", is_anonymous}, {"rules", std::move(rules)}});
    }
    return json_response(all);
}

} // namespace

void add_role_route(Router& router, const Identities& identities) {
    router.add("GET", "/api/v1/roles", {}, Right::area(access::Action::read, "users"),
               [identities](const HttpRequest&, const Reply& reply) {
                   if (identities.users == nullptr) return reply.send(without_users());
                   reply.send(roles(identities.authenticator.directory()->policy().file()));
               });
}

} // namespace holdfast::gateway
