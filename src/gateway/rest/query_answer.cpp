#include <gateway/rest/query_answer.hpp>

#include <holdfast/base/log_line.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <chrono>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kPieceBytes = 64U << 10U;
constexpr std::size_t kPiecesMax = 4;
// How long a query waits for a client that reads nothing: it holds one of few threads.
constexpr std::chrono::seconds kPatience{5};

// What a query may not exceed is no matter of trying again, as other bounds are: the query itself
// has to be another one.
HttpResponse problem_of(const Error& error) {
    if (error.code == Errc::limit_exceeded) return problem(422, error.context);
    return problem(error);
}

} // namespace

QueryAnswer::QueryAnswer(query::ResultFormat format, Reply reply)
    : format_(format),
      reply_(std::move(reply)),
      text_(format),
      on_gone_(reply_.gone(), [this] { stop_.request_stop(); }) {}

Result<void> QueryAnswer::begin(const std::vector<std::string>& names) {
    text_.begin(names);
    return ok();
}

Result<void> QueryAnswer::rows(const column::Frame& batch) {
    for (std::size_t row = 0; row < batch.rows;) {
        row = text_.rows(batch, row, kPieceBytes);
        if (text_.size() < kPieceBytes) continue;
        HF_TRY(hand_over(text_.take()));
    }
    return ok();
}

// The first piece sends the head; then it waits until the client has taken enough of those before.
Result<void> QueryAnswer::hand_over(std::string piece) {
    std::unique_lock lock(mutex_);
    const bool has_room =
        room_.wait_for(lock, kPatience, [&] { return is_closed_ || pieces_.size() < kPiecesMax; });
    if (is_closed_) return fail(Errc::closed, "the client has gone");
    if (!has_room) return fail(Errc::closed, "the client does not read the answer");
    pieces_.push_back(std::move(piece));
    lock.unlock();
    if (!std::exchange(is_sent_, true)) {
        HttpResponse response;
        response.content_type = media_type(format_);
        response.stream = shared_from_this();
        reply_.send(std::move(response));
    } else {
        reply_.post([self = shared_from_this()] { self->give(); });
    }
    return ok();
}

void QueryAnswer::done(Result<query::Summary> outcome) {
    if (!is_sent_) { // small, as nearly always: whole, with its length
        if (!outcome) return reply_.send(problem_of(outcome.error()));
        text_.end(outcome.value());
        HttpResponse response;
        response.content_type = media_type(format_);
        response.body = text_.take();
        return reply_.send(std::move(response));
    }
    if (outcome) {
        text_.end(outcome.value());
    } else {
        log_info("query", "an answer is broken off: {}", outcome.error().context);
        text_.fail(outcome.error());
    }
    {
        const std::lock_guard lock(mutex_);
        pieces_.push_back(text_.take());
        is_over_ = true;
        is_broken_ = !outcome;
    }
    reply_.post([self = shared_from_this()] { self->give(); });
}

void QueryAnswer::pull(Deliver deliver) {
    {
        const std::lock_guard lock(mutex_);
        deliver_ = std::move(deliver);
    }
    // Not at once: a session is not to be answered inside its own call.
    reply_.post([self = shared_from_this()] { self->give(); });
}

// On the session's thread: one piece, or the end, to a session that waits for it.
void QueryAnswer::give() {
    std::unique_lock lock(mutex_);
    if (!deliver_) return;
    std::optional<std::string> piece;
    if (!pieces_.empty() && !is_closed_) {
        piece = std::move(pieces_.front());
        pieces_.pop_front();
        room_.notify_one();
    } else if (!is_over_ && !is_closed_) {
        return; // the next piece comes
    }
    const Deliver deliver = std::exchange(deliver_, {});
    lock.unlock();
    deliver(std::move(piece));
}

void QueryAnswer::close() {
    {
        const std::lock_guard lock(mutex_);
        is_closed_ = true;
        pieces_.clear();
    }
    room_.notify_one();
    stop_.request_stop();
    reply_.post([self = shared_from_this()] { self->give(); });
}

bool QueryAnswer::is_broken() const {
    const std::lock_guard lock(mutex_);
    return is_broken_;
}

} // namespace holdfast::gateway
