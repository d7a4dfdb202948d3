#include "log/mailbox.hpp"

namespace holdfast::log {

bool Mailbox::put(AppendGroup& group) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.closed) return false;
        waiting_.groups.push_back(&group);
    }
    filled_.notify_one(); // not under the lock, which the woken thread would run into
    return true;
}

bool Mailbox::put(Task& task) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.closed) return false;
        waiting_.tasks.push_back(&task);
    }
    filled_.notify_one(); // not under the lock, which the woken thread would run into
    return true;
}

void Mailbox::close() {
    const std::lock_guard lock(mutex_);
    waiting_.closed = true;
    filled_.notify_one();
}

void Mailbox::take(Work& work, std::optional<std::chrono::milliseconds> patience) {
    work.groups.clear();
    work.tasks.clear();
    std::unique_lock lock(mutex_);
    const auto is_filled = [this] {
        return waiting_.closed || !waiting_.groups.empty() || !waiting_.tasks.empty();
    };
    if (patience) // a timer for each wait costs
        filled_.wait_for(lock, *patience, is_filled);
    else
        filled_.wait(lock, is_filled);
    work.groups.swap(waiting_.groups);
    work.tasks.swap(waiting_.tasks);
    work.closed = waiting_.closed;
}

} // namespace holdfast::log
