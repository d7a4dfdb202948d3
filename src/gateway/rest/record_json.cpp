#include <holdfast/gateway/rest/record_json.hpp>

#include <gateway/base64.hpp>
#include <gateway/rest/json.hpp>
#include <holdfast/base/bytes.hpp>
#include <holdfast/record/header_names.hpp>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

std::string json_text(std::string_view text) {
    return json::serialize(json::string_view(text.data(), text.size()));
}

// `"name":"text"`, or `"name_base64":"..."` for what is not UTF-8.
std::string text_member(const std::string& name, ByteView bytes) {
    const auto text = as_text(bytes);
    if (is_utf8(text)) return fmt::format("{}:{}", json_text(name), json_text(text));
    return fmt::format("{}:\"{}\"", json_text(name + "_base64"), base64(bytes));
}

std::string value_member(const record::RecordView& record) {
    if (record.is_tombstone) return "\"value\":null";
    const auto text = as_text(record.value);
    // A line break inside would break NDJSON; only white space of JSON can be one.
    if (text.find_first_of("\r\n") == std::string_view::npos && parse_json(text))
        return fmt::format("\"value\":{}", text);
    if (parse_json(text)) return "\"value\":" + compact_json(text);
    return fmt::format("\"value_base64\":\"{}\"", base64(record.value));
}

} // namespace

void write_record_json(std::string& out, PartitionIndex partition,
                       const record::RecordView& record) {
    fmt::format_to(std::back_inserter(out), "{{\"partition\":{},\"offset\":{},\"ts\":{}", partition,
                   record.offset, record.timestamp_ms);
    if (record.key) out += "," + text_member("key", *record.key);
    if (const auto topic = record.header(record::kHeaderMqttTopic))
        out += "," + text_member("topic", *topic);
    out += "," + value_member(record) + ",\"headers\":{";
    record::HeaderCursor headers(record);
    record::HeaderView header;
    for (bool is_first = true; headers.next(header); is_first = false)
        out += (is_first ? "" : ",") + text_member(std::string(header.name), header.value);
    out += "}}\n";
}

} // namespace holdfast::gateway
