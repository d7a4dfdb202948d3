#include <gateway/rest/history_reads.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/rest/api.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::gateway {
namespace {

using access::Action;
using access::ResourceKind;

constexpr std::int64_t kUsPerMs = 1'000;

// Of one device.
Result<void> show(const HistoryParts& parts, const HttpRequest& request, const Reply& reply) {
    const std::string device(request.capture("device"));
    HF_TRY(const StreamId stream, stream_of(parts, request, device));
    HF_TRY(auto asked, read_history_request(request, parts.clock.now_ms() * kUsPerMs));
    HF_TRY(check_device(parts, stream, device, asked.fields));
    if (asked.fields.empty()) asked.fields = parts.store->fields(stream, device);
    answer_history(parts, reply, stream, asked, [&](const HistoryRead& read) {
        if (asked.points != 0) return send_extremes(read, device);
        if (!asked.statistics.empty()) return send_buckets(read, device);
        return send_rows(read, {&device, 1}, false);
    });
    return ok();
}

// Of a whole stream, device after device.
Result<void> export_stream(const HistoryParts& parts, const HttpRequest& request,
                           const Reply& reply) {
    const auto name = request.query_value("stream");
    if (!name) return fail(Errc::malformed, "stream: is missing");
    HF_TRY(check_right(request.caller->rights, Action::read, access::Resource::stream(*name)));
    HF_TRY(check_kept(parts));
    const auto stream = parts.log.find_stream(*name);
    if (stream == nullptr)
        return fail(Errc::not_found, fmt::format("there is no stream '{}'", *name));
    HF_TRY(auto asked, read_history_request(request, parts.clock.now_ms() * kUsPerMs));
    asked.rows_max = SIZE_MAX;
    if (asked.fields.empty()) asked.fields = parts.store->fields(stream->id, kFieldsMax + 1);
    if (asked.fields.size() > kFieldsMax)
        return fail(Errc::malformed,
                    fmt::format("fields: the stream has more than {}: name those that are wanted",
                                kFieldsMax));
    answer_history(parts, reply, stream->id, asked, [&](const HistoryRead& read) {
        return send_rows(read, parts.store->devices(stream->id), true);
    });
    return ok();
}

} // namespace

void add_history_routes(Router& router, const history::Store* store, const log::Log& log,
                        const Clock& clock, WorkQueue& queue, std::size_t bytes_max) {
    const auto add = [&](const char* path, std::initializer_list<std::string_view> query,
                         WorkOnHistory work) {
        router.add("GET", path, query, Right::by_handler(Action::read, ResourceKind::stream),
                   on_history({store, log, clock, bytes_max}, queue, std::move(work)));
    };
    add("/api/v1/history", {"stream", "fields", "from", "to", "format"}, export_stream);
    add("/api/v1/history/{device}",
        {"stream", "fields", "from", "after", "to", "step", "agg", "points", "limit", "format"},
        show);
    add("/api/v1/history/{device}/{field...}",
        {"stream", "from", "after", "to", "step", "agg", "points", "limit", "format"}, show);
}

} // namespace holdfast::gateway
