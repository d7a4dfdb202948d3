#include <holdfast/broker/read_pool.hpp>

#include <cassert>
#include <utility>

namespace holdfast::broker {

ReadPool::~ReadPool() {
    stop();
}

void ReadPool::start(std::size_t threads) {
    assert(threads_.empty());
    const std::lock_guard lock(mutex_);
    has_threads_ = true;
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

void ReadPool::run(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        if (is_stopping_) return;
        if (has_threads_) {
            jobs_.push_back(std::move(job));
            changed_.notify_one();
            return;
        }
    }
    job();
}

void ReadPool::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        jobs_.clear();
    }
    changed_.notify_all();
    for (std::thread& thread : threads_)
        if (thread.joinable()) thread.join();
}

void ReadPool::work() {
    for (;;) {
        std::function<void()> job;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return is_stopping_ || !jobs_.empty(); });
            if (is_stopping_) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        job();
    }
}

} // namespace holdfast::broker
