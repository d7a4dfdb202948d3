#include <gateway/rest_json.hpp>
#include <holdfast/base/bytes.hpp>
#include <holdfast/gateway/problem.hpp>
#include <holdfast/gateway/record_json.hpp>
#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kFetchBytes = 1U << 20U;
constexpr std::size_t kBodyBytesMax = 8U << 20U; // a page ends here, at least one record in it

struct Page {
    std::string lines;
    Offset next = 0;
};

struct Wanted {
    PartitionId partition;
    Offset from = 0;
    std::int64_t limit = 0;
    std::int64_t wait_ms = 0;
};

Result<Page> read_page(const log::Log& log, const Wanted& wanted) {
    Page page{{}, wanted.from};
    std::int64_t left = wanted.limit;
    while (left > 0 && page.lines.size() < kBodyBytesMax) {
        HF_TRY(const auto fetched, log.fetch(wanted.partition, page.next, kFetchBytes));
        if (fetched.next_offset == page.next) break;
        ByteView rest = fetched.batches;
        if (rest.empty()) page.next = fetched.next_offset; // all that was met is left out
        while (!rest.empty() && left > 0 && page.lines.size() < kBodyBytesMax) {
            HF_TRY(auto batch, record::BatchView::open(rest));
            rest = rest.subspan(batch.header().size_bytes());
            record::RecordView record;
            while (left > 0 && page.lines.size() < kBodyBytesMax) {
                HF_TRY(const bool has_more, batch.next(record));
                if (!has_more) {
                    page.next = std::max(page.next, batch.header().last_offset() + 1);
                    break;
                }
                if (record.offset < page.next) continue;
                page.next = record.offset + 1;
                write_record_json(page.lines, wanted.partition.index, record);
                --left;
            }
        }
    }
    return page;
}

HttpResponse page_response(Page page) {
    return {200,
            "application/x-ndjson",
            {{"X-Next-Offset", std::to_string(page.next)}},
            std::move(page.lines)};
}

Result<Wanted> read_wanted(const log::Log& log, const HttpRequest& request) {
    HF_TRY(request.expect_only({"partition", "offset", "from", "limit", "wait_ms"}));
    const auto stream = log.find_stream(request.capture("name"));
    if (!stream)
        return fail(Errc::not_found,
                    fmt::format("there is no stream '{}'", request.capture("name")));
    Wanted wanted;
    HF_TRY(const auto partition,
           request.integer("partition", 0, 0, std::int64_t{stream->settings.partitions} - 1));
    wanted.partition = {stream->id, static_cast<PartitionIndex>(partition)};
    HF_TRY(wanted.limit, request.integer("limit", 100, 1, 10'000));
    HF_TRY(wanted.wait_ms, request.integer("wait_ms", 0, 0, 30'000));
    if (request.query_value("from")) {
        if (request.query_value("offset"))
            return fail(Errc::malformed, "either offset or from, not both");
        HF_TRY(const auto from_ms, request.integer("from", 0, 0, INT64_MAX));
        HF_TRY(wanted.from, log.offset_at(wanted.partition, from_ms));
        return wanted;
    }
    HF_TRY(const auto bounds, log.bounds(wanted.partition));
    HF_TRY(wanted.from, request.integer("offset", bounds.log_start_offset, 0, INT64_MAX));
    return wanted;
}

// A reader at the end of its partition: answered when a record comes or the time is over. Owned by
// its timer; all members but start() run on the session's thread.
class LongPoll : public std::enable_shared_from_this<LongPoll> {
public:
    LongPoll(log::Log& log, WorkQueue& work, const Wanted& wanted, const Reply& reply)
        : log_(log), work_(work), wanted_(wanted), reply_(reply), timer_(reply.executor()) {}

    void start() {
        timer_.expires_after(std::chrono::milliseconds(wanted_.wait_ms));
        timer_.async_wait([self = shared_from_this()](const boost::system::error_code&) {
            self->log_.cancel_wait(self->wait_id_);
            self->answer();
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
    void answer() {
        const bool pushed = work_.try_push([&log = log_, wanted = wanted_, reply = reply_] {
            auto page = read_page(log, wanted);
            reply.send(page ? page_response(std::move(page).value()) : problem(page.error()));
        });
        if (!pushed) reply_.send(problem(503, "too many requests are waiting; try again later"));
    }

    log::Log& log_;
    WorkQueue& work_;
    const Wanted wanted_;
    const Reply reply_;
    boost::asio::steady_timer timer_;
    log::Log::WaitId wait_id_ = 0;
};

void records(log::Log& log, WorkQueue& work, const HttpRequest& request, const Reply& reply) {
    const auto wanted = read_wanted(log, request);
    if (!wanted) return reply.send(problem(wanted.error()));
    auto page = read_page(log, wanted.value());
    if (!page) return reply.send(problem(page.error()));
    if (!page.value().lines.empty() || wanted.value().wait_ms == 0)
        return reply.send(page_response(std::move(page).value()));
    Wanted later = wanted.value();
    later.from = page.value().next;
    reply.post([&log, &work, later, reply] {
        std::make_shared<LongPoll>(log, work, later, reply)->start();
    });
}

} // namespace

void add_record_routes(Router& router, const RestParts& parts) {
    router.add("GET", "/api/v1/streams/{name}/records",
               [&log = parts.log, &work = parts.work](HttpRequest request, const Reply& reply) {
                   const bool pushed =
                       work.try_push([&log, &work, reply, asked = std::move(request)] {
                           records(log, work, asked, reply);
                       });
                   if (!pushed)
                       reply.send(problem(503, "too many requests are waiting; try again later"));
               });
}

} // namespace holdfast::gateway
