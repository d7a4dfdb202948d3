#include <gateway/rest/history_reads.hpp>

#include <gateway/rest/query_answer.hpp>
#include <gateway/rest/readable_streams.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::string_view kBusy = "too many ask for history at once";
// Of statistics, which look through much before they say anything. Rows go on as long as they are
// read.
constexpr std::int64_t kStatisticsMsMax = 60'000;

std::function<Result<void>()> watch_over(const HistoryParts& parts, const QueryAnswer& answer,
                                         bool has_deadline) {
    const std::int64_t begin_ms = parts.clock.monotonic_ms();
    return [&clock = parts.clock, stop = answer.stop_token(), begin_ms,
            has_deadline]() -> Result<void> {
        if (stop.stop_requested()) return fail(Errc::closed, "the client has gone");
        if (has_deadline && clock.monotonic_ms() - begin_ms > kStatisticsMsMax)
            return fail(Errc::limit_exceeded,
                        fmt::format("it takes more than {} s: ask for less time or fewer fields",
                                    kStatisticsMsMax / 1'000));
        return ok();
    };
}

} // namespace

Result<void> check_kept(const HistoryParts& parts) {
    if (parts.store != nullptr) return ok();
    return fail(Errc::not_found, "no history is kept here: history.enabled is false");
}

Result<StreamId> stream_of(const HistoryParts& parts, const HttpRequest& request,
                           const std::string& device) {
    HF_TRY(check_kept(parts));
    const auto streams = ReadableStreams::of(parts.log, request);
    std::vector<std::pair<std::string, StreamId>> found;
    for (const auto& each : streams.all)
        if (parts.store->summary(each.second, device)) found.push_back(each);
    if (found.empty()) return fail(Errc::not_found, fmt::format("there is no device '{}'", device));
    if (found.size() == 1) return found.front().second;
    return fail(Errc::malformed,
                fmt::format("'{}' speaks in {} streams ('{}', '{}'{}): say which with stream=",
                            device, found.size(), found[0].first, found[1].first,
                            found.size() > 2 ? " and more" : ""));
}

Result<void> check_device(const HistoryParts& parts, StreamId stream, const std::string& device,
                          std::span<const std::string> fields) {
    const auto known = parts.store->fields(stream, device);
    if (known.empty() && !parts.store->summary(stream, device))
        return fail(Errc::not_found, fmt::format("there is no device '{}' in the stream", device));
    for (const std::string& field : fields)
        if (std::find(known.begin(), known.end(), field) == known.end())
            return fail(Errc::not_found,
                        fmt::format("device '{}' has no field '{}'", device, field));
    return ok();
}

void answer_history(const HistoryParts& parts, const Reply& reply, StreamId stream,
                    const HistoryRequest& asked, const SendHistory& send) {
    const auto answer = std::make_shared<QueryAnswer>(asked.format, reply);
    const bool is_statistics = asked.points != 0 || !asked.statistics.empty();
    const std::int64_t begin_ms = parts.clock.monotonic_ms();
    const HistoryRead read{
        *parts.store, stream, asked, parts.bytes_max, watch_over(parts, *answer, is_statistics),
        *answer};
    const auto rows = send(read);
    if (!rows) return answer->done(rows.error());
    query::Summary summary;
    summary.rows = rows.value();
    summary.elapsed_ms = parts.clock.monotonic_ms() - begin_ms;
    answer->done(std::move(summary));
}

Router::Handler on_history(HistoryParts parts, WorkQueue& queue, WorkOnHistory work) {
    return [parts, work = std::move(work), &queue](HttpRequest request, const Reply& reply) {
        const bool pushed = queue.try_push([parts, work, reply, asked = std::move(request)] {
            const auto begun = work(parts, asked, reply);
            if (!begun) reply.send(problem(begun.error()));
        });
        if (!pushed) reply.send(problem(503, kBusy));
    };
}

} // namespace holdfast::gateway
