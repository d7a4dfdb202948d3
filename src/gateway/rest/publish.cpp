#include <gateway/rest/json.hpp>
#include <holdfast/base/bytes.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/once.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <span>

namespace holdfast::gateway {
namespace {

Result<void> check_topic(std::string_view topic) {
    if (topic.size() > topic::kTopicBytesMax || !topic::is_topic_name(topic))
        return fail(Errc::malformed,
                    fmt::format("'{}' is not a topic that can be published to", topic));
    return ok();
}

Result<broker::OutMessage> single(HttpRequest request) {
    broker::OutMessage message;
    message.topic = request.capture("topic");
    HF_TRY(check_topic(message.topic));
    HF_TRY(const auto qos, request.integer("qos", 1, 0, 2));
    message.qos = static_cast<std::uint8_t>(qos);
    HF_TRY(message.retain, request.flag("retain", false));
    message.client_id = "http";
    message.content_type = request.header("content-type").value_or("");
    if (message.content_type.size() > 256)
        return fail(Errc::malformed, "Content-Type is over 256 bytes");
    message.payload = std::move(request.body);
    return message;
}

Result<broker::OutMessage> one_of_many(std::string_view text) {
    HF_TRY(const auto whole, parse_json(text));
    HF_TRY(const auto members, json_members(text));
    broker::OutMessage message;
    message.client_id = "http";
    bool has_payload = false;
    for (const auto& [name, slice] : members) {
        const auto& value = whole.as_object().at(name);
        if (name == "topic" && value.is_string()) {
            message.topic = std::string_view(value.as_string());
        } else if (name == "payload") {
            has_payload = true;
            message.payload = value.is_string() ? std::string_view(value.as_string()) : slice;
        } else if (name == "ts") {
            HF_TRY(message.event_ms, json_time_ms(name, value));
        } else if (name == "retain" && value.is_bool()) {
            message.retain = value.as_bool();
        } else {
            return fail(Errc::malformed,
                        fmt::format("'{}' is unknown or of a wrong type; known are topic (text), "
                                    "payload, ts (a time), retain",
                                    name));
        }
    }
    HF_TRY(check_topic(message.topic));
    if (!has_payload) return fail(Errc::malformed, "payload is missing");
    return message;
}

Result<broker::PublishBatch> many(const HttpRequest& request) {
    HF_TRY(const auto texts, json_texts(request.body));
    broker::PublishBatch batch;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto message = one_of_many(texts[i]);
        if (!message)
            return fail(message.error().code,
                        fmt::format("message {}: {}", i, message.error().context));
        batch.messages.push_back(std::move(message).value());
    }
    return batch;
}

// All or nothing, as the batch is stored.
Result<void> check_topics(const access::Rights& rights, const broker::PublishBatch& batch) {
    for (std::size_t i = 0; i < batch.messages.size(); ++i) {
        const auto topic = access::Resource::topic(batch.messages[i].topic);
        const auto allowed = check_right(rights, access::Action::publish, topic);
        if (!allowed)
            return fail(Errc::denied, fmt::format("message {}: {}", i, allowed.error().context));
    }
    return ok();
}

using Placed = std::span<const broker::Placed>;

// Publishes the batch; `answer_of` makes the answer from where its messages went.
void publish(broker::Publisher& publisher, broker::PublishBatch batch, const Reply& reply,
             const Ticket& ticket, std::function<boost::json::object(Placed)> answer_of) {
    if (ticket)
        batch.remember = [ticket, answer_of](Placed placed) {
            return ticket->remember(json_response(answer_of(placed)).body);
        };
    publisher.publish(std::move(batch), [reply, ticket, answer_of = std::move(answer_of)](
                                            const Result<std::vector<broker::Placed>>& placed) {
        if (ticket) ticket->end();
        reply.send(placed ? json_response(answer_of(placed.value())) : problem(placed.error()));
    });
}

void publish_one(broker::Publisher& publisher, HttpRequest request, const Reply& reply,
                 const Ticket& ticket) {
    auto message = single(std::move(request));
    if (!message) return reply.send(problem(message.error()));
    broker::PublishBatch batch;
    batch.messages.push_back(std::move(message).value());
    publish(publisher, std::move(batch), reply, ticket, [](Placed placed) {
        return boost::json::object{{"stream", placed[0].stream},
                                   {"partition", placed[0].partition},
                                   {"offset", placed[0].offset}};
    });
}

void publish_many(broker::Publisher& publisher, const HttpRequest& request, const Reply& reply,
                  const Ticket& ticket) {
    const auto type = request.media_type();
    constexpr std::array<std::string_view, 5> kTypes{
        "", "application/json", "application/x-ndjson", "application/ndjson",
        "application/x-www-form-urlencoded"}; // what curl says of anything
    if (std::ranges::find(kTypes, type) == kTypes.end())
        return reply.send(problem(
            415, fmt::format("'{}' is not application/json or application/x-ndjson", type)));
    auto batch = many(request);
    if (!batch) return reply.send(problem(batch.error()));
    if (batch.value().messages.empty())
        return reply.send(json_response(boost::json::object{{"accepted", 0}}));
    if (const auto allowed = check_topics(request.caller->rights, batch.value()); !allowed)
        return reply.send(problem(allowed.error()));
    publish(publisher, std::move(batch).value(), reply, ticket,
            [](Placed placed) { return boost::json::object{{"accepted", placed.size()}}; });
}

} // namespace

void add_publish_routes(Router& router, broker::Publisher& publisher, const Once& once) {
    router.add("POST", "/api/v1/publish", {},
               Right::by_handler(access::Action::publish, access::ResourceKind::topic),
               [&publisher, once](HttpRequest request, const Reply& reply) {
                   once.handle(std::move(request), reply,
                               [&publisher](const HttpRequest& asked, const Reply& answer,
                                            const Ticket& ticket) {
                                   publish_many(publisher, asked, answer, ticket);
                               });
               });
    router.add("POST", "/api/v1/publish/{topic...}", {"qos", "retain"},
               Right::topic(access::Action::publish, "topic"),
               [&publisher, once](HttpRequest request, const Reply& reply) {
                   once.handle(
                       std::move(request), reply,
                       [&publisher](HttpRequest asked, const Reply& answer, const Ticket& ticket) {
                           publish_one(publisher, std::move(asked), answer, ticket);
                       });
               });
}

} // namespace holdfast::gateway
