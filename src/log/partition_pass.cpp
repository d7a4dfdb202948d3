#include "log/partition_pass.hpp"

#include "log/aborted_cursor.hpp"
#include "log/reader.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::log {

PartitionPass::PartitionPass(Store& store, const OnCommitter& on_committer,
                             std::shared_ptr<const StreamEntry> entry,
                             std::shared_ptr<Partition> partition, std::stop_token stop)
    : store_(store),
      on_committer_(on_committer),
      entry_(std::move(entry)),
      partition_(std::move(partition)),
      stop_(std::move(stop)) {}

// A stream that was altered is another entry: what it asks for now is the next pass's.
Result<void> PartitionPass::check() const {
    if (stop_.stop_requested() || !store_.database ||
        store_.streams.find(entry_->stream->id) != entry_)
        return fail(Errc::closed, "the stream was changed or the log closes");
    return ok();
}

Result<PartitionPass::Locked> PartitionPass::enter() const {
    Locked lock(store_.reopening);
    HF_TRY(check());
    return lock;
}

Result<PartitionPass::Stretch> PartitionPass::read(Offset from, Offset end,
                                                   const Each& each) const {
    HF_TRY(const Locked lock, enter());
    Stretch stretch{std::max(from, partition_->log_start_offset()), false};
    BatchWalk walk(store_, *partition_);
    AbortedCursor aborted(store_, *partition_, stretch.next);
    std::size_t bytes = 0;
    HF_TRY(auto at, walk.seek(stretch.next));
    while (at == BatchWalk::At::batch && walk.last_offset() < end && bytes < kStretchBytes) {
        const Offset compacted_end = std::min(walk.base_offset(), partition_->first_dirty_offset());
        stretch.next = std::max(stretch.next, compacted_end);
        if (walk.base_offset() > stretch.next) {
            stretch.is_damaged = true; // the records are missing
            return stretch;
        }
        HF_TRY(const auto header, record::decode_batch_header(walk.batch()));
        HF_TRY(const bool is_aborted, aborted.covers(header));
        HF_TRY(each({walk, header, is_aborted}));
        bytes += walk.batch().size();
        stretch.next = walk.last_offset() + 1;
        HF_TRY(at, walk.next());
    }
    stretch.is_damaged = at == BatchWalk::At::damage;
    const bool is_done =
        at == BatchWalk::At::end || (at == BatchWalk::At::batch && walk.last_offset() >= end);
    if (is_done) stretch.next = end;
    return stretch;
}

Result<Offset> PartitionPass::read_past_damage(Offset from, Offset end, const Each& each) const {
    HF_TRY(const Stretch stretch, read(from, end, each));
    if (!stretch.is_damaged) return stretch.next;
    HF_TRY(const Locked lock, enter());
    HF_TRY(const Offset readable, find_readable(store_, *partition_, stretch.next));
    return std::min(readable, end);
}

Result<void> PartitionPass::on_committer(const std::function<Result<void>()>& task) const {
    return on_committer_([&]() -> Result<void> {
        HF_TRY(check());
        return task();
    });
}

} // namespace holdfast::log
