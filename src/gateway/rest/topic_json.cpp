#include <gateway/rest/topic_json.hpp>

#include <gateway/base64.hpp>
#include <holdfast/column/json_text.hpp>
#include <holdfast/log/log.hpp>

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace holdfast::gateway {
namespace {

void write_text(std::string& out, std::string_view name, std::string_view text) {
    fmt::format_to(std::back_inserter(out), ",\"{}\":", name);
    column::append_json_string(out, text);
}

} // namespace

void write_last_message(std::string& out, const TopicState& topic, const log::Log& log) {
    if (is_utf8(topic.payload))
        write_text(out, "payload", topic.payload);
    else
        write_text(out, "payload_base64", base64(as_bytes(topic.payload)));
    fmt::format_to(std::back_inserter(out), ",\"payload_bytes\":{}", topic.payload_bytes);
    if (topic.messages == 0) return;
    if (const auto stream = log.find_stream(topic.stream))
        write_text(out, "stream", stream->settings.name);
    fmt::format_to(std::back_inserter(out), ",\"partition\":{},\"offset\":{}", topic.partition,
                   topic.offset);
}

} // namespace holdfast::gateway
