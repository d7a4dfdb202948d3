#pragma once

#include <holdfast/log/log.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

namespace holdfast::log {

// State changes written by themselves; the caller waits until they are durable.
class StateWrite final : public AppendGroup {
public:
    // Errors: as of a write.
    [[nodiscard]] static Result<void> write(Log& log, std::vector<StateChange> changes) {
        if (changes.empty()) return ok();
        StateWrite group;
        group.state_changes = std::move(changes);
        log.append(group);
        std::unique_lock lock(group.mutex_);
        group.completed_.wait(lock, [&] { return group.outcome_.has_value(); });
        return std::move(*group.outcome_);
    }
    void completed(Result<void> outcome) noexcept override {
        const std::lock_guard lock(mutex_); // held over notify: the waiter destroys us
        outcome_ = std::move(outcome);
        completed_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable completed_;
    std::optional<Result<void>> outcome_; // guarded by mutex_
};

} // namespace holdfast::log
