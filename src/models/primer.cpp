#include "models/primer.hpp"

#include <utility>

namespace holdfast::models {

Primer::Primer(const history::Store* history, const log::Log& log, const Clock& clock,
               Metrics& metrics, Done done)
    : history_(history),
      log_(log),
      clock_(clock),
      done_(std::move(done)),
      rows_(metrics.counter("holdfast_models_primed_rows",
                            "Rows of history that new models were fed with.")),
      failed_(metrics.counter("holdfast_models_priming_failed",
                              "Models that went live without what is stored, which did not read.")),
      pending_(std::make_shared<std::atomic<std::size_t>>(0)) {
    metrics.gauge("holdfast_models_priming", "Models that are fed with what is stored, or wait.",
                  [pending = pending_] { return static_cast<double>(pending->load()); });
}

Primer::~Primer() {
    stop();
}

void Primer::begin(std::shared_ptr<Priming> priming) {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) return;
    priming->rows = &rows_;
    waiting_.push_back(std::move(priming));
    *pending_ = waiting_.size() + (at_work_ ? 1 : 0);
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    changed_.notify_one();
}

void Primer::stop() {
    std::thread thread;
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        waiting_.clear();
        *pending_ = at_work_ ? 1 : 0;
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
            *pending_ = waiting_.size();
            changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
            if (is_stopping_) return;
            next = std::move(waiting_.front());
            waiting_.pop_front();
            at_work_ = next;
        }
        auto primed = prime(*next, history_, log_, clock_.now_ms());
        // Who stops it has no use for it, and a later start begins it again.
        if (next->stop.stop_requested()) continue;
        if (!primed) failed_.add();
        done_(*next, std::move(primed));
    }
}

} // namespace holdfast::models
