#include <gateway/rest_json.hpp>
#include <holdfast/base/bytes.hpp>
#include <holdfast/gateway/problem.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kMessagesMax = 100'000; // of one request; the body bound comes first mostly

Result<void> check_topic(std::string_view topic) {
    if (topic.size() > topic::kTopicBytesMax || !topic::is_topic_name(topic))
        return fail(Errc::malformed,
                    fmt::format("'{}' is not a topic that can be published to", topic));
    return ok();
}

Result<broker::OutMessage> single(HttpRequest request) {
    HF_TRY(request.expect_only({"qos", "retain"}));
    broker::OutMessage message;
    message.topic = request.capture("topic");
    HF_TRY(check_topic(message.topic));
    HF_TRY(const auto qos, request.integer("qos", 1, 0, 1));
    message.qos = static_cast<std::uint8_t>(qos);
    const auto retain = request.query_value("retain").value_or("false");
    if (retain != "false" && retain != "0")
        return fail(Errc::not_supported, "retain: retained messages are not served yet");
    message.client_id = "http";
    message.content_type = request.header("content-type").value_or("");
    if (message.content_type.size() > 256)
        return fail(Errc::malformed, "Content-Type is over 256 bytes");
    message.payload = std::move(request.body);
    return message;
}

Result<broker::OutMessage> one_of_many(std::string_view text) {
    HF_TRY(const auto whole, parse_json(text));
    if (!whole.is_object()) return fail(Errc::malformed, "an object is expected");
    broker::OutMessage message;
    message.client_id = "http";
    bool has_payload = false;
    for (const auto& [name, slice] : json_slices(text)) {
        const auto& value = whole.as_object().at(name);
        if (name == "topic" && value.is_string()) {
            message.topic = std::string_view(value.as_string());
        } else if (name == "payload") {
            has_payload = true;
            message.payload = value.is_string() ? std::string_view(value.as_string()) : slice;
        } else if (name == "ts" && value.is_int64()) {
            message.event_ms = value.as_int64();
        } else if (name == "retain" && value.is_bool()) {
            if (value.as_bool())
                return fail(Errc::not_supported, "retain: retained messages are not served yet");
        } else {
            return fail(Errc::malformed,
                        fmt::format("'{}' is unknown or of a wrong type; known are topic (text), "
                                    "payload, ts (epoch milliseconds), retain",
                                    name));
        }
    }
    HF_TRY(check_topic(message.topic));
    if (!has_payload) return fail(Errc::malformed, "payload is missing");
    return message;
}

// The texts of the single messages in an array or in lines.
Result<std::vector<std::string_view>> split(std::string_view body) {
    std::vector<std::string_view> texts;
    const auto first = body.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return texts;
    if (body[first] == '[') {
        HF_TRY(parse_json(body));
        for (const auto& [name, slice] : json_slices(body)) texts.push_back(slice);
        return texts;
    }
    while (!body.empty()) {
        const auto line = body.substr(0, body.find('\n'));
        body.remove_prefix(std::min(body.size(), line.size() + 1));
        if (line.find_first_not_of(" \t\r") != std::string_view::npos) texts.push_back(line);
    }
    return texts;
}

Result<broker::PublishBatch> many(const HttpRequest& request) {
    HF_TRY(request.expect_only({}));
    HF_TRY(const auto texts, split(request.body));
    if (texts.size() > kMessagesMax)
        return fail(Errc::malformed, fmt::format("{} messages; at most {} in one request",
                                                 texts.size(), kMessagesMax));
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

void publish_one(broker::Publisher& publisher, HttpRequest request, const Reply& reply) {
    auto message = single(std::move(request));
    if (!message) return reply.send(problem(message.error()));
    broker::PublishBatch batch;
    batch.messages.push_back(std::move(message).value());
    publisher.publish(std::move(batch), [reply](Result<std::vector<broker::Placed>> placed) {
        if (!placed) return reply.send(problem(placed.error()));
        const auto& at = placed.value().at(0);
        reply.send(json_response(boost::json::object{
            {"stream", at.stream}, {"partition", at.partition}, {"offset", at.offset}}));
    });
}

void publish_many(broker::Publisher& publisher, const HttpRequest& request, const Reply& reply) {
    const auto type = request.media_type();
    if (!type.empty() && type != "application/json" && type != "application/x-ndjson" &&
        type != "application/ndjson")
        return reply.send(problem(
            415, fmt::format("'{}' is not application/json or application/x-ndjson", type)));
    auto batch = many(request);
    if (!batch) return reply.send(problem(batch.error()));
    const std::size_t count = batch.value().messages.size();
    if (count == 0) return reply.send(json_response(boost::json::object{{"accepted", 0}}));
    publisher.publish(std::move(batch).value(),
                      [reply, count](const Result<std::vector<broker::Placed>>& placed) {
                          if (!placed) return reply.send(problem(placed.error()));
                          reply.send(json_response(boost::json::object{{"accepted", count}}));
                      });
}

} // namespace

void add_publish_routes(Router& router, const RestParts& parts) {
    auto& publisher = parts.publisher;
    router.add("POST", "/api/v1/publish",
               [&publisher](const HttpRequest& request, const Reply& reply) {
                   publish_many(publisher, request, reply);
               });
    router.add("POST", "/api/v1/publish/{topic...}",
               [&publisher](HttpRequest request, const Reply& reply) {
                   publish_one(publisher, std::move(request), reply);
               });
}

} // namespace holdfast::gateway
