#include "models/primer.hpp"

#include <utility>

namespace holdfast::models {

Primer::Primer(const history::Store* history, const log::Log& log, const Clock& clock, Done done)
    : history_(history), log_(log), clock_(clock), done_(std::move(done)) {}

Primer::~Primer() {
    stop();
}

void Primer::begin(std::shared_ptr<Priming> priming) {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) return;
    waiting_.push_back(std::move(priming));
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_one();
}

void Primer::stop() {
    std::thread thread;
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        waiting_.clear();
        if (at_work_) at_work_->stop.request_stop();
        thread = std::move(thread_);
    }
    changed_.notify_one();
    if (thread.joinable()) thread.join();
    const std::lock_guard lock(mutex_);
    is_stopping_ = false;
}

void Primer::run() {
    for (;;) {
        std::shared_ptr<Priming> next;
        {
            std::unique_lock lock(mutex_);
            at_work_.reset();
            changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
            if (is_stopping_) return;
            next = std::move(waiting_.front());
            waiting_.pop_front();
            at_work_ = next;
        }
        auto primed = prime(*next, history_, log_, clock_.now_ms());
        // Who stops it has no use for it, and a later start begins it again.
        if (!next->stop.stop_requested()) done_(*next, std::move(primed));
    }
}

} // namespace holdfast::models
