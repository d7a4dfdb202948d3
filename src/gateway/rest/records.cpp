#include <gateway/rest/json.hpp>
#include <gateway/rest/record_scan.hpp>
#include <gateway/rest/record_tail.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/record_json.hpp>
#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <memory>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kBodyBytesMax = 8U << 20U;  // a page ends here, at least one record in it
constexpr std::size_t kScanBytesMax = 64U << 20U; // looked through for one page
constexpr PartitionIndex kTailPartitionsMax = 64; // each stands in the id of every event
constexpr std::string_view kBusy = "too many requests are waiting; try again later";

struct Wanted {
    PartitionId partition;
    Offset from = 0;
    RecordFilter filter;
    std::int64_t limit = 0;
    std::int64_t wait_ms = 0;
};

struct Page {
    std::string lines;
    Offset next = 0;
    Offset end = 0; // of what can be read
};

Result<Page> read_page(const log::Log& log, const Wanted& wanted) {
    Page page;
    std::int64_t left = wanted.limit;
    HF_TRY(page.next, scan_records(log, wanted.partition, wanted.from, kScanBytesMax, wanted.filter,
                                   [&](const record::RecordView& record) {
                                       write_record_json(page.lines, wanted.partition.index,
                                                         record);
                                       return --left > 0 && page.lines.size() < kBodyBytesMax;
                                   }));
    HF_TRY(const auto bounds, log.bounds(wanted.partition));
    page.end = bounds.last_stable_offset;
    return page;
}

HttpResponse page_response(Page page) {
    return {
        200,
        "application/x-ndjson",
        {{"X-Next-Offset", std::to_string(page.next)}, {"X-End-Offset", std::to_string(page.end)}},
        std::move(page.lines)};
}

Result<std::shared_ptr<const log::Stream>> find_stream(const log::Log& log,
                                                       const HttpRequest& request) {
    auto stream = log.find_stream(request.capture("name"));
    if (!stream)
        return fail(Errc::not_found,
                    fmt::format("there is no stream '{}'", request.capture("name")));
    return stream;
}

Result<PartitionId> read_partition(const log::Stream& stream, const HttpRequest& request) {
    HF_TRY(const auto partition,
           request.integer("partition", 0, 0, std::int64_t{stream.settings.partitions} - 1));
    return PartitionId{stream.id, static_cast<PartitionIndex>(partition)};
}

Result<Wanted> read_wanted(const log::Log& log, const HttpRequest& request) {
    HF_TRY(const auto stream, find_stream(log, request));
    Wanted wanted;
    HF_TRY(wanted.partition, read_partition(*stream, request));
    HF_TRY(wanted.limit, request.integer("limit", 100, 1, 10'000));
    HF_TRY(wanted.wait_ms, request.integer("wait_ms", 0, 0, 30'000));
    HF_TRY(wanted.filter, read_filter(request));
    HF_TRY(const auto bounds, log.bounds(wanted.partition));
    HF_TRY(wanted.from, request.integer("offset", bounds.log_start_offset, 0, INT64_MAX));
    if (request.query_value("from")) {
        HF_TRY(const Offset first, log.offset_at(wanted.partition, wanted.filter.from_ms));
        wanted.from = std::max(wanted.from, first);
    }
    return wanted;
}

// A reader at the end of its partition: answered when a record that it wants comes or the time is
// over. Owned by its timer; all members but start() run on the session's thread.
class LongPoll : public std::enable_shared_from_this<LongPoll> {
public:
    LongPoll(log::Log& log, WorkQueue& work, Wanted wanted, Reply reply)
        : log_(log),
          work_(work),
          wanted_(std::move(wanted)),
          reply_(std::move(reply)),
          timer_(reply_.executor()),
          deadline_(Clock::now() + std::chrono::milliseconds(wanted_.wait_ms)) {}

    void start() {
        timer_.expires_at(deadline_);
        timer_.async_wait([self = shared_from_this()](const boost::system::error_code&) {
            self->log_.cancel_wait(self->wait_id_);
            self->look();
        });
        // The committer thread only posts: the poll itself is touched on its own thread.
        wait_id_ =
            log_.wait(wanted_.partition, wanted_.from, [weak = weak_from_this(), reply = reply_] {
                reply.post([weak] {
                    if (const auto self = weak.lock()) self->timer_.cancel();
                });
            });
    }

private:
    using Clock = std::chrono::steady_clock;

    void look() {
        const bool pushed = work_.try_push([self = shared_from_this()] { self->read(); });
        if (!pushed) reply_.send(problem(503, kBusy));
    }
    // On the queue's thread, while no timer is set.
    void read() {
        auto page = read_page(log_, wanted_);
        if (!page) return reply_.send(problem(page.error()));
        if (!page.value().lines.empty() || Clock::now() >= deadline_)
            return reply_.send(page_response(std::move(page).value()));
        wanted_.from = page.value().next;
        reply_.post([self = shared_from_this()] { self->start(); });
    }

    log::Log& log_;
    WorkQueue& work_;
    Wanted wanted_;
    const Reply reply_;
    boost::asio::steady_timer timer_;
    const Clock::time_point deadline_;
    log::Log::WaitId wait_id_ = 0;
};

void records(log::Log& log, WorkQueue& work, const HttpRequest& request, const Reply& reply) {
    auto wanted = read_wanted(log, request);
    if (!wanted) return reply.send(problem(wanted.error()));
    auto page = read_page(log, wanted.value());
    if (!page) return reply.send(problem(page.error()));
    if (!page.value().lines.empty() || wanted.value().wait_ms == 0)
        return reply.send(page_response(std::move(page).value()));
    Wanted later = std::move(wanted).value();
    later.from = page.value().next;
    reply.post([&log, &work, later = std::move(later), reply] {
        std::make_shared<LongPoll>(log, work, later, reply)->start();
    });
}

bool wants_events(const HttpRequest& request) {
    return request.header("accept").value_or("").find("text/event-stream") !=
           std::string_view::npos;
}

// Where to begin in one partition: at `offset`, at the time `from`, else at the end.
Result<Offset> tail_start(const log::Log& log, PartitionId partition, const HttpRequest& request,
                          const RecordFilter& filter) {
    HF_TRY(const auto bounds, log.bounds(partition));
    if (request.query_value("from")) return log.offset_at(partition, filter.from_ms);
    return request.integer("offset", bounds.last_stable_offset, bounds.log_start_offset,
                           bounds.high_watermark);
}

Result<TailSettings> read_tail(const log::Log& log, const HttpRequest& request) {
    HF_TRY(expect_none_of({"limit", "wait_ms"}, request)); // of a page
    HF_TRY(const auto stream, find_stream(log, request));
    TailSettings tail;
    tail.stream = stream->id;
    HF_TRY(tail.filter, read_filter(request));
    HF_TRY(const PartitionId first, read_partition(*stream, request));
    tail.follows_new_ones = !request.query_value("partition");
    const PartitionIndex end =
        tail.follows_new_ones ? stream->settings.partitions : first.index + 1;
    if (end - first.index > kTailPartitionsMax)
        return fail(Errc::malformed, fmt::format("the stream has {} partitions; at most {} are "
                                                 "followed at once: name one with partition=",
                                                 end, kTailPartitionsMax));
    if (request.query_value("offset") && (tail.follows_new_ones || request.query_value("from")))
        return fail(Errc::malformed, "offset goes with partition, and without from");
    for (PartitionIndex i = first.index; i < end; ++i) {
        HF_TRY(const Offset next, tail_start(log, {stream->id, i}, request, tail.filter));
        tail.positions.emplace_back(i, next);
    }
    if (const auto id = request.header("last-event-id")) {
        HF_TRY(const TailPositions known, from_event_id(*id));
        for (const auto& [partition, next] : known) {
            const auto at = std::ranges::find(tail.positions, partition, &TailPosition::first);
            if (at == tail.positions.end())
                return fail(Errc::malformed, fmt::format("Last-Event-ID: partition {} is not of "
                                                         "what is asked for",
                                                         partition));
            at->second = next;
        }
    }
    return tail;
}

void tail(log::Log& log, WorkQueue& work, const HttpRequest& request, const Reply& reply) {
    auto settings = read_tail(log, request);
    if (!settings) return reply.send(problem(settings.error()));
    HttpResponse response{200, "text/event-stream", {{"Cache-Control", "no-store"}}};
    response.stream = make_record_tail(log, work, reply, std::move(settings).value());
    reply.send(std::move(response));
}

} // namespace

void add_record_routes(Router& router, log::Log& log, WorkQueue& work) {
    router.add("GET", "/api/v1/streams/{name}/records",
               {"partition", "offset", "from", "to", "key", "key_base64", "limit", "wait_ms"},
               Right::stream(access::Action::read, "name"),
               [&log, &work](HttpRequest request, const Reply& reply) {
                   const bool pushed =
                       work.try_push([&log, &work, reply, asked = std::move(request)] {
                           (wants_events(asked) ? tail : records)(log, work, asked, reply);
                       });
                   if (!pushed) reply.send(problem(503, kBusy));
               });
}

} // namespace holdfast::gateway
