#include "history/partition_reader.hpp"

#include <holdfast/base/log_line.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::history {

PartitionReader::PartitionReader(std::shared_ptr<const log::Stream> stream, PartitionIndex index,
                                 Store& store, Metrics& metrics)
    : stream_(std::move(stream)),
      partition_{stream_->id, index},
      store_(store),
      told_(store.position(partition_)),
      lost_(metrics.counter("holdfast_history_records_lost",
                            "Records that left the log before history read them")),
      rows_(fmt::format("{}/{}", stream_->settings.name, index), metrics) {}

void PartitionReader::step(const log::Fetched& fetched, Done done) {
    auto told = rows_.each(
        fetched, [this](std::span<const NewRow> rows, Offset next) { return add(rows, next); });
    if (told) told = add({}, fetched.next_offset);
    done(std::move(told));
}

// A store that was opened anew goes on further back: what was fetched before must not leave a gap.
Result<void> PartitionReader::add(std::span<const NewRow> rows, Offset next) {
    auto added = store_.add(partition_, rows, next, told_);
    told_ = added ? next : store_.position(partition_);
    return added;
}

void PartitionReader::skipped_to(Offset resume, const Error& why) {
    const Offset before = position();
    if (resume <= before) return;
    // An error is met again, at the same place.
    if (const auto moved = add({}, resume); !moved)
        return log_warn("history", "{}", moved.error().context);
    lost_.add(static_cast<std::uint64_t>(resume - before));
    log_warn("history", "{}/{}: {} records from offset {} are not in history: {}",
             stream_->settings.name, partition_.index, resume - before, before, why.context);
}

} // namespace holdfast::history
