#include <holdfast/log/consumer_pool.hpp>

#include <holdfast/base/log_line.hpp>

#include <pthread.h>
#include <algorithm>
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast::log {

namespace {

using Instant = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds kFirstPause{20};
constexpr std::chrono::milliseconds kLongestPause{10'000};

// A consumer and where it stands. Guarded by the pool's mutex, except what a turn owns.
struct Seat {
    enum class At : std::uint8_t { ready, running, waiting, paused, gone };

    explicit Seat(std::shared_ptr<Consumer> with) : consumer(std::move(with)) {}

    const std::shared_ptr<Consumer> consumer;
    At at = At::ready;
    bool removed = false;
    bool woken = false;      // while its wait was being registered
    Log::WaitId wait_id = 0; // while waiting
    int open_ends = 0;       // of a turn: step() has to return and done() has to come
    bool failed = false;     // done() of this turn brought an error
    std::chrono::milliseconds pause{0};
    Instant due{};   // while paused
    Fetched fetched; // of the turn under way; belongs to its thread
};
using SeatPtr = std::shared_ptr<Seat>;

} // namespace

class ConsumerPool::Impl {
public:
    Impl(Log& log, std::size_t threads, std::size_t fetch_bytes_max)
        : log_(log), fetch_bytes_max_(fetch_bytes_max) {
        assert(threads > 0);
        for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
    }
    ~Impl() { stop(); }

    void add(std::shared_ptr<Consumer> consumer) {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        auto seat = std::make_shared<Seat>(std::move(consumer));
        seats_[seat->consumer.get()] = seat;
        make_ready(seat);
    }

    void remove(const Consumer& consumer) {
        std::unique_lock lock(mutex_);
        const auto found = seats_.find(&consumer);
        if (found == seats_.end()) return;
        const SeatPtr seat = found->second;
        seats_.erase(found);
        retire(seat, lock);
    }

    void stop() {
        {
            std::unique_lock lock(mutex_);
            stopping_ = true;
            while (!seats_.empty()) {
                const SeatPtr seat = seats_.begin()->second;
                seats_.erase(seats_.begin());
                retire(seat, lock);
            }
            changed_.notify_all();
        }
        for (std::thread& thread : threads_)
            if (thread.joinable()) thread.join();
    }

private:
    // Waits until nothing of the seat runs or will run.
    void retire(const SeatPtr& seat, std::unique_lock<std::mutex>& lock) {
        seat->removed = true;
        changed_.wait(lock, [&] { return seat->at != Seat::At::running; });
        if (seat->at == Seat::At::waiting) {
            const auto id = seat->wait_id;
            lock.unlock();
            log_.cancel_wait(id);
            lock.lock();
        }
        std::erase(ready_, seat);
        std::erase(paused_, seat);
        seat->at = Seat::At::gone;
    }

    // Under the mutex.
    void make_ready(const SeatPtr& seat) {
        seat->at = Seat::At::ready;
        if (!seat->removed) ready_.push_back(seat);
        changed_.notify_all();
    }
    void make_paused(const SeatPtr& seat) {
        seat->pause = std::clamp(seat->pause * 2, kFirstPause, kLongestPause);
        seat->due = std::chrono::steady_clock::now() + seat->pause;
        seat->at = Seat::At::paused;
        if (!seat->removed) paused_.push_back(seat);
        changed_.notify_all();
    }

    void work() {
        ::pthread_setname_np(::pthread_self(), "consumer"); // for who looks at threads' CPU
        std::unique_lock lock(mutex_);
        for (;;) {
            const Instant next_due = wake_paused();
            if (!ready_.empty()) {
                const SeatPtr seat = std::move(ready_.front());
                ready_.pop_front();
                seat->at = Seat::At::running;
                lock.unlock();
                turn(seat);
                lock.lock();
            } else if (stopping_) {
                return;
            } else if (next_due == Instant::max()) {
                changed_.wait(lock);
            } else {
                changed_.wait_until(lock, next_due);
            }
        }
    }

    // Makes ready what has paused enough; when the next one will have.
    Instant wake_paused() {
        const Instant now = std::chrono::steady_clock::now();
        Instant next = Instant::max();
        for (std::size_t i = 0; i < paused_.size();) {
            if (paused_[i]->due > now) {
                next = std::min(next, paused_[i++]->due);
                continue;
            }
            paused_[i]->at = Seat::At::ready;
            ready_.push_back(std::move(paused_[i]));
            paused_.erase(paused_.begin() + static_cast<std::ptrdiff_t>(i));
        }
        return next;
    }

    void turn(const SeatPtr& seat) {
        const PartitionId partition = seat->consumer->partition();
        const Offset from = seat->consumer->position();
        auto fetched = log_.fetch(partition, from, fetch_bytes_max_);
        if (!fetched) return skip(seat, partition, from, fetched.error());
        if (fetched.value().next_offset == from) return wait(seat, partition, from);
        seat->fetched = std::move(fetched).value();
        {
            const std::lock_guard lock(mutex_);
            seat->open_ends = 2;
        }
        seat->consumer->step(seat->fetched,
                             [this, seat](Result<void> outcome) { end(seat, outcome); });
        end(seat, ok());
    }

    // One end of a turn: step() returned, or done() came. The second one finishes the turn.
    void end(const SeatPtr& seat, const Result<void>& outcome) {
        const std::lock_guard lock(mutex_);
        if (!outcome) {
            log_warn("log", "a consumer of stream {} partition {} failed: {}",
                     number(seat->consumer->partition().stream), seat->consumer->partition().index,
                     outcome.error().context);
            seat->failed = true;
        }
        if (--seat->open_ends > 0) return;
        if (std::exchange(seat->failed, false)) return make_paused(seat);
        seat->pause = std::chrono::milliseconds{0};
        make_ready(seat);
    }

    // The position cannot be read: goes on behind it, or tries again later.
    void skip(const SeatPtr& seat, PartitionId partition, Offset from, const Error& why) {
        if (why.code == Errc::corrupt || why.code == Errc::not_found) {
            const auto resume = log_.readable_after(partition, from);
            if (resume && resume.value() != from) {
                seat->consumer->skipped_to(resume.value(), why);
                const std::lock_guard lock(mutex_);
                return make_ready(seat);
            }
        }
        log_warn("log", "a consumer waits: {}", why.context);
        const std::lock_guard lock(mutex_);
        make_paused(seat);
    }

    void wait(const SeatPtr& seat, PartitionId partition, Offset from) {
        {
            const std::lock_guard lock(mutex_);
            seat->woken = false;
            seat->wait_id = 0;
        }
        const auto id = log_.wait(partition, from, [this, seat] {
            const std::lock_guard lock(mutex_);
            if (seat->at == Seat::At::waiting)
                make_ready(seat);
            else
                seat->woken = true;
        });
        const std::lock_guard lock(mutex_);
        if (seat->woken) return make_ready(seat);
        seat->wait_id = id;
        seat->at = Seat::At::waiting;
        changed_.notify_all();
    }

    Log& log_;
    const std::size_t fetch_bytes_max_;

    std::mutex mutex_;
    std::condition_variable changed_;
    // All guarded by mutex_.
    std::map<const Consumer*, SeatPtr> seats_;
    std::deque<SeatPtr> ready_;
    std::vector<SeatPtr> paused_;
    bool stopping_ = false;

    std::vector<std::thread> threads_;
};

ConsumerPool::ConsumerPool(Log& log, std::size_t threads, std::size_t fetch_bytes_max)
    : impl_(std::make_unique<Impl>(log, threads, fetch_bytes_max)) {}
ConsumerPool::~ConsumerPool() = default;

void ConsumerPool::add(std::shared_ptr<Consumer> consumer) {
    impl_->add(std::move(consumer));
}
void ConsumerPool::remove(const Consumer& consumer) {
    impl_->remove(consumer);
}
void ConsumerPool::stop() {
    impl_->stop();
}

} // namespace holdfast::log
