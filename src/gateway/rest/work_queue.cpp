#include <holdfast/gateway/rest/work_queue.hpp>

#include <holdfast/base/log_line.hpp>

#include <exception>

#include <sys/resource.h>

namespace holdfast::gateway {
namespace {

// Out of memory, or a mistake of ours: one request fails, its reply says so when it goes.
void run_one(const std::function<void()>& task) {
    try {
        task();
    } catch (const std::exception& failure) {
        log_error("http", "a request ended by an exception: {}", failure.what());
    } catch (...) {
        log_error("http", "a request ended by an exception of unknown kind");
    }
}

// On Linux a nice value belongs to one thread.
void step_back() {
    constexpr int kNice = 10;
    [[maybe_unused]] const int done = setpriority(PRIO_PROCESS, 0, kNice); // less is never refused
}

} // namespace

WorkQueue::WorkQueue(std::size_t threads, std::size_t tasks_max, Priority priority)
    : tasks_max_(tasks_max) {
    for (std::size_t i = 0; i < threads; ++i)
        threads_.emplace_back([this, priority] {
            if (priority == Priority::low) step_back();
            run();
        });
}

WorkQueue::~WorkQueue() {
    stop();
}

bool WorkQueue::try_push(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    if (is_stopping_ || tasks_.size() >= tasks_max_) return false;
    tasks_.push_back(std::move(task));
    changed_.notify_one();
    return true;
}

void WorkQueue::stop() {
    std::deque<std::function<void()>> dropped; // destroyed without the lock
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        dropped.swap(tasks_);
        changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void WorkQueue::run() {
    for (;;) {
        std::function<void()> task;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return is_stopping_ || !tasks_.empty(); });
            if (is_stopping_) return;
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        run_one(task);
    }
}

} // namespace holdfast::gateway
