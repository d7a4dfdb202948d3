#include <gateway/rest/live_body.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::chrono::milliseconds kEvery{250}; // a page is not drawn for each message
constexpr std::chrono::seconds kHeartbeat{15};

class LiveBody final : public BodyStream, public std::enable_shared_from_this<LiveBody> {
public:
    LiveBody(WorkQueue& work, Reply session, LiveSettings settings)
        : work_(work),
          session_(std::move(session)),
          settings_(std::move(settings)),
          timer_(session_.executor()) {}

    void pull(Deliver deliver) override {
        deliver_ = std::move(deliver);
        session_.post([self = shared_from_this()] {
            if (!self->is_first_) return self->wait();
            self->is_first_ = false;
            self->give("retry: 1000\n\n");
        });
    }
    void close() override {
        is_closed_ = true;
        timer_.cancel();
    }
    bool has_end() const override { return false; }

private:
    using Clock = std::chrono::steady_clock;

    void give(std::optional<std::string> piece) {
        if (is_closed_) piece.reset();
        given_at_ = Clock::now();
        if (auto deliver = std::exchange(deliver_, {})) deliver(std::move(piece));
    }

    void wait() {
        timer_.expires_after(kEvery);
        timer_.async_wait(
            [self = shared_from_this()](const boost::system::error_code&) { self->look(); });
    }

    void look() {
        if (is_closed_ || !settings_.is_good()) return give(std::nullopt);
        const bool pushed = work_.try_push([self = shared_from_this()] {
            std::string events;
            for (const auto& source : self->settings_.sources) source->add_news(events);
            self->session_.post(
                [self, events = std::move(events)]() mutable { self->on_news(std::move(events)); });
        });
        if (!pushed) wait(); // the queue is full: later
    }

    void on_news(std::string events) {
        if (!events.empty() || is_closed_) return give(std::move(events));
        if (Clock::now() - given_at_ >= kHeartbeat) return give(": alive\n\n");
        wait();
    }

    WorkQueue& work_;
    const Reply session_;
    const LiveSettings settings_; // the sources: on the queue, one turn at a time
    boost::asio::steady_timer timer_;
    Deliver deliver_;
    Clock::time_point given_at_;
    bool is_first_ = true;
    bool is_closed_ = false;
};

} // namespace

std::shared_ptr<BodyStream> make_live_body(WorkQueue& work, Reply session, LiveSettings settings) {
    return std::make_shared<LiveBody>(work, std::move(session), std::move(settings));
}

} // namespace holdfast::gateway
