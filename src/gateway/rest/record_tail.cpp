#include <gateway/rest/record_tail.hpp>

#include <gateway/rest/json.hpp>

#include <holdfast/gateway/rest/record_json.hpp>

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <chrono>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kPieceBytes = 64U << 10U;  // about: at least one event
constexpr std::size_t kScanBytesMax = 4U << 20U; // of one partition in one turn on the queue
constexpr std::chrono::seconds kHeartbeat{15};
constexpr std::chrono::milliseconds kBusyPause{200}; // after which a full queue is asked again

class RecordTail final : public BodyStream, public std::enable_shared_from_this<RecordTail> {
public:
    RecordTail(log::Log& log, WorkQueue& work, Reply session, TailSettings settings)
        : log_(log),
          work_(work),
          session_(std::move(session)),
          settings_(std::move(settings)),
          positions_(settings_.positions),
          timer_(session_.executor()) {}

    void pull(Deliver deliver) override {
        deliver_ = std::move(deliver);
        session_.post([self = shared_from_this()] {
            if (self->is_first_) return self->give("retry: 1000\n" + self->here());
            self->look();
        });
    }

    void close() override {
        is_closed_ = true;
        timer_.cancel();
    }
    bool has_end() const override { return false; }

private:
    // What a turn on the queue found. While it runs nothing else touches positions_.
    struct Found {
        std::string events;
        bool has_moved = false;
        bool is_over = false;
    };

    void give(std::optional<std::string> piece) {
        is_first_ = false;
        if (is_closed_) piece.reset();
        if (auto deliver = std::exchange(deliver_, {})) deliver(std::move(piece));
    }

    // A block without data: the client keeps the id and sees no event.
    std::string here() const { return fmt::format("id: {}\n\n", to_event_id(positions_)); }

    void look() {
        if (is_closed_ || is_over_) return give(std::nullopt);
        const bool pushed = work_.try_push([self = shared_from_this()] {
            Found found = self->read();
            self->session_.post(
                [self, found = std::move(found)]() mutable { self->on_found(std::move(found)); });
        });
        if (!pushed) pause(kBusyPause);
    }

    void on_found(Found found) {
        is_over_ = found.is_over;
        if (!found.events.empty()) return give(std::move(found.events));
        if (found.has_moved || is_over_ || is_closed_) return look();
        wait();
    }

    // Until a record comes, or it is time for a sign of life.
    void wait() {
        timer_.expires_after(kHeartbeat);
        timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
            for (const log::Log::WaitId id : std::exchange(self->waits_, {}))
                self->log_.cancel_wait(id);
            if (error || self->is_closed_) return self->look();
            self->give(": alive\n" + self->here());
        });
        // The committer thread only posts: the tail itself is touched on its session's thread.
        const auto wake = [weak = weak_from_this(), session = session_] {
            session.post([weak] {
                if (const auto self = weak.lock()) self->timer_.cancel();
            });
        };
        for (const auto& [partition, next] : positions_)
            waits_.push_back(log_.wait({settings_.stream, partition}, next, wake));
    }

    void pause(std::chrono::milliseconds time) {
        timer_.expires_after(time);
        timer_.async_wait(
            [self = shared_from_this()](const boost::system::error_code&) { self->look(); });
    }

    // On the queue's thread.
    Found read() {
        Found found;
        const auto stream = log_.find_stream(settings_.stream);
        if (!stream) {
            found.events = "event: end\ndata: {\"detail\":\"the stream was deleted\"}\n\n";
            found.is_over = true;
            return found;
        }
        if (settings_.follows_new_ones)
            for (auto i = static_cast<PartitionIndex>(positions_.size());
                 i < stream->settings.partitions; ++i)
                positions_.emplace_back(i, 0);
        // Each time another one is first, so that none can hold off the others.
        const std::size_t first = turn_++ % positions_.size();
        for (std::size_t i = 0; i < positions_.size() && found.events.size() < kPieceBytes; ++i)
            read_partition(found, positions_[(first + i) % positions_.size()]);
        return found;
    }

    void read_partition(Found& found, TailPosition& position) {
        auto& [partition, next] = position;
        std::string line;
        const auto scanned = scan_records(
            log_, {settings_.stream, partition}, next, kScanBytesMax, settings_.filter,
            [&](const record::RecordView& record) {
                next = record.offset + 1;
                line.clear();
                write_record_json(line, partition, record);
                found.events += fmt::format("id: {}\ndata: {}\n", to_event_id(positions_), line);
                return found.events.size() < kPieceBytes;
            });
        if (!scanned) return skip(found, position, scanned.error());
        found.has_moved |= scanned.value() != next;
        next = scanned.value();
    }

    // The position cannot be read: says so and goes on behind it.
    void skip(Found& found, TailPosition& position, const Error& why) {
        auto& [partition, next] = position;
        const Offset at = next;
        const auto resume = log_.readable_after({settings_.stream, partition}, at);
        const bool goes_on = resume && resume.value() != at;
        found.is_over |= !goes_on;
        if (goes_on) next = resume.value();
        const boost::json::object lost{{"partition", partition},
                                       {"offset", at},
                                       {"next_offset", next},
                                       {"detail", why.context}};
        found.events += fmt::format("event: lost\nid: {}\ndata: {}\n\n", to_event_id(positions_),
                                    to_json_text(lost));
    }

    log::Log& log_;
    WorkQueue& work_;
    const Reply session_;
    const TailSettings settings_;
    TailPositions positions_;
    boost::asio::steady_timer timer_;
    std::vector<log::Log::WaitId> waits_;
    Deliver deliver_;
    std::size_t turn_ = 0;
    bool is_first_ = true;
    bool is_over_ = false;
    bool is_closed_ = false;
};

} // namespace

std::string to_event_id(const TailPositions& positions) {
    std::string text;
    for (const auto& [partition, next] : positions)
        fmt::format_to(std::back_inserter(text), "{}{}:{}", text.empty() ? "" : ",", partition,
                       next);
    return text;
}

Result<TailPositions> from_event_id(std::string_view text) {
    TailPositions positions;
    const char* at = text.data();
    const char* const end = at + text.size();
    for (;;) {
        auto& [partition, next] = positions.emplace_back();
        const auto colon = std::from_chars(at, end, partition);
        if (colon.ec != std::errc{} || colon.ptr == end || *colon.ptr != ':') break;
        const auto comma = std::from_chars(colon.ptr + 1, end, next);
        if (comma.ec != std::errc{} || next < 0) break;
        if (comma.ptr == end) return positions;
        if (*comma.ptr != ',') break;
        at = comma.ptr + 1;
    }
    return fail(Errc::malformed,
                fmt::format("Last-Event-ID: '{}' is not the id of an event of records", text));
}

std::shared_ptr<BodyStream> make_record_tail(log::Log& log, WorkQueue& work, Reply session,
                                             TailSettings settings) {
    return std::make_shared<RecordTail>(log, work, std::move(session), std::move(settings));
}

} // namespace holdfast::gateway
