#pragma once

#include "log/batch_walk.hpp"
#include "log/store.hpp"

#include <holdfast/record/batch_view.hpp>

#include <functional>
#include <memory>
#include <shared_mutex>
#include <stop_token>

namespace holdfast::log {

// Runs a task on the committer thread and waits for its outcome.
using OnCommitter = std::function<Result<void>(const std::function<Result<void>()>&)>;

// A long piece of work on one partition, beside appends: reads stretches on its own thread and
// writes each on the committer's. Nothing is locked in between; a recovery or the stream's end
// puts an end to it (`closed`).
class PartitionPass {
public:
    // Each stretch is about this many bytes.
    static constexpr std::size_t kStretchBytes = 4U << 20U;

    struct Stretch {
        Offset next = 0;         // where to go on
        bool is_damaged = false; // and what begins there
    };
    // What is known of the batch at hand.
    struct Batch {
        const BatchWalk& walk;
        record::BatchHeader header;
        bool is_aborted = false; // its transaction came to nothing
    };
    using Each = std::function<Result<void>(const Batch&)>;
    using Locked = std::shared_lock<std::shared_mutex>;

    PartitionPass(Store& store, const OnCommitter& on_committer,
                  std::shared_ptr<const StreamEntry> entry, std::shared_ptr<Partition> partition,
                  std::stop_token stop);

    [[nodiscard]] Store& store() const noexcept { return store_; }
    [[nodiscard]] const Stream& stream() const noexcept { return *entry_->stream; }
    [[nodiscard]] Partition& partition() const noexcept { return *partition_; }
    [[nodiscard]] PartitionId id() const noexcept { return partition_->id(); }

    // Holds off a recovery; closed where there was one, or a stop is asked for.
    [[nodiscard]] Result<Locked> enter() const;
    // Shows `each` the sound batches of a stretch from `from` on that end below `end`.
    [[nodiscard]] Result<Stretch> read(Offset from, Offset end, const Each& each) const;
    // As read(), going on behind damage.
    [[nodiscard]] Result<Offset> read_past_damage(Offset from, Offset end, const Each& each) const;
    // Runs `task` on the committer thread, if the stream is still the same.
    [[nodiscard]] Result<void> on_committer(const std::function<Result<void>()>& task) const;

private:
    [[nodiscard]] Result<void> check() const;

    Store& store_;
    const OnCommitter& on_committer_;
    const std::shared_ptr<const StreamEntry> entry_;
    const std::shared_ptr<Partition> partition_;
    const std::stop_token stop_;
};

} // namespace holdfast::log
