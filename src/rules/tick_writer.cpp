#include "rules/tick_writer.hpp"

#include <holdfast/record/message_view.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>

namespace holdfast::rules {
namespace {

// Ticks of many partitions in one write.
class TickGroup final : public log::AppendGroup {
public:
    void add(PartitionId partition, std::int64_t now_ms) {
        batches_.push_back(record::make_tick(now_ms));
        appends.push_back({partition, batches_.back(), 1}); // a vector's bytes stay where they are
    }
    void completed(Result<void> outcome) noexcept override {
        const std::lock_guard lock(mutex_); // held over notify: the waiter destroys us
        outcome_ = std::move(outcome);
        completed_.notify_one();
    }
    [[nodiscard]] Result<void> wait() {
        std::unique_lock lock(mutex_);
        completed_.wait(lock, [&] { return outcome_.has_value(); });
        return std::move(*outcome_);
    }

private:
    std::vector<Bytes> batches_;
    std::mutex mutex_;
    std::condition_variable completed_;
    std::optional<Result<void>> outcome_; // guarded by mutex_
};

} // namespace

Result<void> TickWriter::write(const std::vector<std::shared_ptr<PartitionTask>>& tasks,
                               std::int64_t now_ms, std::int64_t monotonic_ms) {
    std::erase_if(last_ms_,
                  [&](const auto& each) { return each.second + kPauseMs <= monotonic_ms; });
    TickGroup group;
    std::vector<PartitionTask*> ticking;
    for (const auto& task : tasks) {
        const PartitionId id = task->partition();
        if (last_ms_.contains(id)) continue;
        // Records that were not read yet may tell the time themselves. Asked first: what the task
        // waits for is then what it waits for behind them.
        const auto bounds = log_.bounds(id);
        if (!bounds || bounds.value().high_watermark != task->read_to()) continue;
        if (!task->wants_tick(now_ms)) continue;
        group.add(id, now_ms);
        ticking.push_back(task.get());
        last_ms_.emplace(id, monotonic_ms);
    }
    if (ticking.empty()) return ok();
    for (PartitionTask* task : ticking) task->tick_is_out(); // before it can be read
    log_.append(group);
    auto outcome = group.wait();
    for (std::size_t i = 0; i < ticking.size(); ++i)
        if (!outcome || group.appends[i].refused) ticking[i]->tick_is_lost();
    return outcome;
}

} // namespace holdfast::rules
