#include <gateway/rest/json.hpp>
#include <holdfast/broker/client_info.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;
using broker::ClientInfo;
using broker::Clients;

json::object describe(const ClientInfo& client) {
    json::object out{{"client_id", client.client_id},
                     {"user", client.user},
                     {"connected", client.is_connected},
                     {"persistent", client.is_persistent}};
    if (client.is_connected) {
        out["address"] = client.address;
        out["listener"] = client.listener;
        out["connected_ms"] = client.connected_ms;
        out["keep_alive_s"] = client.keep_alive_s;
        out["slowed"] = client.is_slowed;
    } else if (client.disconnected_ms != 0) {
        out["disconnected_ms"] = client.disconnected_ms;
    }
    if (client.protocol_version != 0) out["protocol_version"] = client.protocol_version;
    out["subscription_count"] = client.subscription_count;
    out["queued_messages"] = client.queued_messages;
    out["queued_bytes"] = client.queued_bytes;
    out["in_flight"] = client.in_flight;
    return out;
}

json::object describe(const broker::SubscriptionInfo& subscription) {
    json::object out{{"filter", subscription.filter},
                     {"qos", subscription.qos},
                     {"denied", subscription.is_denied}};
    if (subscription.is_denied) out["why"] = subscription.why;
    return out;
}

json::object describe(const broker::Refusal& refusal) {
    return {{"at_ms", refusal.at_ms},       {"user", refusal.user},
            {"address", refusal.address},   {"action", refusal.action},
            {"resource", refusal.resource}, {"why", refusal.why}};
}

json::object describe_whole(const ClientInfo& client) {
    json::object out = describe(client);
    out["known"] = client.protocol_version != 0;
    out["roles"] = json::array(client.roles.begin(), client.roles.end());
    json::array subscriptions;
    for (const auto& subscription : client.subscriptions)
        subscriptions.push_back(describe(subscription));
    out["subscriptions"] = std::move(subscriptions);
    json::array refusals;
    for (const auto& refusal : client.refusals) refusals.push_back(describe(refusal));
    out["refusals"] = std::move(refusals);
    return out;
}

HttpResponse answer_of(const broker::ClientList& list) {
    json::array clients;
    for (const ClientInfo& client : list.clients) clients.push_back(describe(client));
    return json_response(
        json::object{{"clients", std::move(clients)}, {"truncated", list.is_truncated}});
}

HttpResponse not_there(std::string_view client_id) {
    return problem(404, fmt::format("there is no client '{}'", client_id));
}

// A shard has better things to do than to write JSON.
template <class Make>
void answer_on(WorkQueue& queue, const Reply& reply, Make make) {
    if (!queue.try_push([reply, make = std::move(make)] { reply.send(make()); }))
        reply.send(problem(503, "too many requests are waiting; try again later"));
}

// None or one, with all that is known of it. For who asks whether there is such a client: 404 would
// be an error in a browser's eyes.
void list_one(Clients& clients, WorkQueue& queue, std::string id, const Reply& reply) {
    clients.find(std::move(id), [&queue, reply](std::optional<ClientInfo> found) {
        const auto shared = std::make_shared<const std::optional<ClientInfo>>(std::move(found));
        answer_on(queue, reply, [shared] {
            json::array one;
            if (*shared) one.push_back(describe_whole(**shared));
            return json_response(json::object{{"clients", std::move(one)}, {"truncated", false}});
        });
    });
}

void list(Clients& clients, WorkQueue& queue, const HttpRequest& request, const Reply& reply) {
    if (const auto id = request.query_value("client_id"))
        return list_one(clients, queue, std::string(*id), reply);
    const auto limit = request.integer("limit", 100, 1, 10'000);
    if (!limit) return reply.send(problem(limit.error()));
    broker::ClientQuery query;
    query.search = request.query_value("search").value_or("");
    query.limit = static_cast<std::size_t>(limit.value());
    clients.list(std::move(query), [&queue, reply](broker::ClientList found) {
        const auto shared = std::make_shared<const broker::ClientList>(std::move(found));
        answer_on(queue, reply, [shared] { return answer_of(*shared); });
    });
}

void show(Clients& clients, WorkQueue& queue, const HttpRequest& request, const Reply& reply) {
    const std::string id(request.capture("client_id"));
    clients.find(id, [&queue, reply, id](std::optional<ClientInfo> found) {
        if (!found) return reply.send(not_there(id));
        const auto shared = std::make_shared<const ClientInfo>(*std::move(found));
        answer_on(queue, reply, [shared] { return json_response(describe_whole(*shared)); });
    });
}

void disconnect(Clients& clients, const HttpRequest& request, const Reply& reply) {
    const std::string id(request.capture("client_id"));
    const std::string& who = request.caller->principal.name;
    clients.disconnect(
        id, who.empty() ? "disconnected by an operator" : "disconnected by " + who,
        [reply, id](bool was_connected) {
            if (!was_connected)
                return reply.send(problem(404, fmt::format("no client '{}' is connected", id)));
            reply.send(HttpResponse{204, "", {}, ""});
        });
}

} // namespace

void add_client_routes(Router& router, Clients& clients, WorkQueue& queue) {
    router.add("GET", "/api/v1/clients", {"search", "limit", "client_id"},
               Right::area(Action::read, "clients"),
               [&clients, &queue](const HttpRequest& request, const Reply& reply) {
                   list(clients, queue, request, reply);
               });
    router.add("GET", "/api/v1/clients/{client_id}", {}, Right::area(Action::read, "clients"),
               [&clients, &queue](const HttpRequest& request, const Reply& reply) {
                   show(clients, queue, request, reply);
               });
    router.add("DELETE", "/api/v1/clients/{client_id}", {}, Right::area(Action::manage, "clients"),
               [&clients](const HttpRequest& request, const Reply& reply) {
                   disconnect(clients, request, reply);
               });
}

} // namespace holdfast::gateway
