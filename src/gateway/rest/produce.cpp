#include <gateway/base64.hpp>
#include <gateway/rest/json.hpp>
#include <gateway/rest/record_append.hpp>
#include <holdfast/base/bytes.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/once.hpp>
#include <holdfast/record/header_names.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <memory>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

constexpr std::size_t kHeadersMax = 256; // of one record
constexpr std::size_t kHeaderNameBytesMax = 1'024;
constexpr std::string_view kBase64 = "_base64";

Result<std::string> text_of(std::string_view name, const json::value& value) {
    if (!value.is_string()) return fail(Errc::malformed, fmt::format("{}: not a text", name));
    const std::string_view text = value.as_string();
    if (!name.ends_with(kBase64)) return std::string(text);
    auto bytes = from_base64(text);
    if (!bytes) return fail(Errc::malformed, fmt::format("{}: {}", name, bytes.error().context));
    return bytes;
}

// `{"name":"text"}`, or `"name_base64"` for what is not UTF-8.
Result<NamedValues> headers_of(const json::value& value) {
    if (!value.is_object()) return fail(Errc::malformed, "headers: not an object");
    const json::object& members = value.as_object();
    if (members.size() > kHeadersMax)
        return fail(Errc::malformed,
                    fmt::format("{} headers; at most {}", members.size(), kHeadersMax));
    NamedValues headers;
    for (const auto& member : members) {
        std::string_view name = member.key();
        HF_TRY(std::string text, text_of(name, member.value()));
        if (name.ends_with(kBase64)) name.remove_suffix(kBase64.size());
        if (name.empty() || name.size() > kHeaderNameBytesMax)
            return fail(Errc::malformed,
                        fmt::format("a header's name has 1 to {} bytes", kHeaderNameBytesMax));
        headers.emplace_back(name, std::move(text));
    }
    return headers;
}

Result<PartitionIndex> partition_of(const json::value& value) {
    if (value.is_int64() && value.as_int64() >= 0 &&
        value.as_int64() <= std::numeric_limits<std::int32_t>::max())
        return static_cast<PartitionIndex>(value.as_int64());
    return fail(Errc::malformed, "partition: not a number from 0 on");
}

// `slice`: the value as it was written.
Result<void> set_member(NewRecord& record, std::string_view name, const json::value& value,
                        std::string_view slice) {
    if (name == "key" || name == "key_base64") {
        HF_TRY(record.key, text_of(name, value));
    } else if (name == "value") {
        if (!value.is_null()) record.value = slice;
    } else if (name == "value_base64") {
        HF_TRY(record.value, text_of(name, value));
    } else if (name == "headers") {
        HF_TRY(record.headers, headers_of(value));
    } else if (name == "ts") {
        HF_TRY(record.timestamp_ms, json_time_ms(name, value));
    } else if (name == "partition") {
        HF_TRY(record.partition, partition_of(value));
    } else if (name != "offset" && name != "topic") { // of a record as it was read
        return fail(
            Errc::malformed,
            fmt::format("'{}' is unknown; known are key, value, headers, ts, partition", name));
    }
    return ok();
}

Result<NewRecord> record_of(std::string_view text) {
    HF_TRY(const auto whole, parse_json(text));
    HF_TRY(const auto slices, json_members(text));
    const json::object& members = whole.as_object();
    const auto count_of = [&](std::string_view name) {
        return members.count(name) + members.count(fmt::format("{}{}", name, kBase64));
    };
    if (count_of("value") != 1)
        return fail(Errc::malformed, "either value or value_base64 is needed");
    if (count_of("key") > 1) return fail(Errc::malformed, "either key or key_base64, not both");
    NewRecord record;
    for (const auto& [name, slice] : slices) {
        HF_TRY(set_member(record, name, members.at(name), slice));
    }
    return record;
}

// A body of any other type is the value of one record.
Result<std::vector<NewRecord>> raw_record(const HttpRequest& request) {
    NewRecord record;
    if (const auto key = request.query_value("key")) record.key = *key;
    if (request.query_value("partition")) {
        HF_TRY(const auto partition,
               request.integer("partition", 0, 0, std::numeric_limits<std::int32_t>::max()));
        record.partition = static_cast<PartitionIndex>(partition);
    }
    record.value = request.body;
    record.headers.emplace_back(record::kHeaderContentType,
                                request.header("content-type").value_or(""));
    if (record.headers[0].second.size() > 256)
        return fail(Errc::malformed, "Content-Type is over 256 bytes");
    return std::vector{std::move(record)};
}

Result<std::vector<NewRecord>> records_of(const HttpRequest& request) {
    constexpr std::array<std::string_view, 5> kJsonTypes{
        "", "application/json", "application/x-ndjson", "application/ndjson",
        "application/x-www-form-urlencoded"}; // what curl says of anything
    if (std::ranges::find(kJsonTypes, request.media_type()) == kJsonTypes.end())
        return raw_record(request);
    HF_TRY(expect_none_of({"key", "partition"}, request)); // each record has its own
    HF_TRY(const auto texts, json_texts(request.body));
    std::vector<NewRecord> records;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto record = record_of(texts[i]);
        if (!record)
            return fail(record.error().code,
                        fmt::format("record {}: {}", i, record.error().context));
        records.push_back(std::move(record).value());
    }
    return records;
}

json::object to_json(std::size_t count, const std::vector<PlacedRecords>& placed) {
    json::array partitions;
    for (const PlacedRecords& of : placed)
        partitions.push_back(json::object{
            {"partition", of.partition}, {"offset", of.first_offset}, {"count", of.count}});
    return {{"accepted", count}, {"partitions", std::move(partitions)}};
}

class Producer {
public:
    Producer(log::Log& log, const Clock& clock) : log_(log), clock_(clock) {}

    void produce(const HttpRequest& request, const Reply& reply, Ticket ticket) {
        if (auto started = start(request, reply, std::move(ticket)); !started)
            reply.send(problem(started.error()));
    }

private:
    Result<void> start(const HttpRequest& request, const Reply& reply, Ticket ticket) {
        RecordsAppend append;
        HF_TRY(append.stream, stream_to_append(log_, request.capture("name")));
        HF_TRY(append.records, records_of(request));
        const std::size_t count = append.records.size();
        append.now_ms = clock_.now_ms();
        append.keyless_partition = turn_.fetch_add(1, std::memory_order_relaxed);
        if (ticket)
            append.remember = [ticket, count](const std::vector<PlacedRecords>& placed) {
                return ticket->remember(json_response(to_json(count, placed)).body);
            };
        append.done = [reply, ticket, count](const Result<std::vector<PlacedRecords>>& placed) {
            if (ticket) ticket->end();
            reply.send(placed ? json_response(to_json(count, placed.value()))
                              : problem(placed.error()));
        };
        return append_records(log_, std::move(append));
    }

    log::Log& log_;
    const Clock& clock_;
    std::atomic<PartitionIndex> turn_{0};
};

} // namespace

void add_produce_routes(Router& router, log::Log& log, const Clock& clock, const Once& once) {
    const auto producer = std::make_shared<Producer>(log, clock);
    router.add("POST", "/api/v1/streams/{name}/records", {"key", "partition"},
               Right::stream(access::Action::write, "name"),
               [producer, once](HttpRequest request, const Reply& reply) {
                   once.handle(
                       std::move(request), reply,
                       [producer](const HttpRequest& asked, const Reply& answer, Ticket ticket) {
                           producer->produce(asked, answer, std::move(ticket));
                       });
               });
}

} // namespace holdfast::gateway
