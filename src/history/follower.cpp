#include <holdfast/history/follower.hpp>

#include "history/partition_reader.hpp"

#include <holdfast/base/log_line.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::history {

Follower::Follower(Parts parts, WantsStream wants)
    : parts_(std::move(parts)), wants_(std::move(wants)) {}

Follower::~Follower() {
    const std::lock_guard lock(mutex_);
    for (const auto& [partition, reader] : readers_) parts_.pool.remove(*reader);
}

void Follower::refresh() {
    const std::lock_guard lock(mutex_);
    std::map<PartitionId, std::shared_ptr<const log::Stream>> wanted;
    for (const auto& stream : parts_.log.streams()) {
        if (!wants_(stream->settings.name)) continue;
        for (PartitionIndex index = 0; index < stream->settings.partitions; ++index)
            wanted[{stream->id, index}] = stream;
    }
    for (auto each = readers_.begin(); each != readers_.end();) {
        const bool is_wanted = wanted.contains(each->first);
        if (!is_wanted) parts_.pool.remove(*each->second);
        each = is_wanted ? std::next(each) : readers_.erase(each);
    }
    for (const auto& [partition, stream] : wanted) {
        auto& reader = readers_[partition];
        if (reader) continue;
        rewind_if_ahead(partition, stream->settings.name);
        reader = std::make_shared<PartitionReader>(stream, partition.index, parts_.store,
                                                   parts_.metrics);
        parts_.pool.add(reader);
    }
}

// Where the log is older than history, as after the restore of one without the other.
void Follower::rewind_if_ahead(PartitionId partition, const std::string& stream) {
    const auto bounds = parts_.log.bounds(partition);
    const Offset told_below = parts_.store.position(partition);
    if (!bounds || told_below <= bounds.value().high_watermark) return;
    const Offset end = bounds.value().high_watermark;
    log_warn("history",
             "{}/{}: the log ends at offset {}, history has got it up to {}: what it has stays, "
             "and new records are taken from there",
             stream, partition.index, end, told_below);
    if (const auto rewound = parts_.store.rewind(partition, end); !rewound)
        log_error("history", "{}/{}: {}", stream, partition.index, rewound.error().context);
}

std::map<PartitionId, Offset> Follower::wanted() const {
    std::map<PartitionId, Offset> from;
    for (const auto& stream : parts_.log.streams()) {
        if (!wants_(stream->settings.name)) continue;
        for (PartitionIndex index = 0; index < stream->settings.partitions; ++index) {
            const PartitionId partition{stream->id, index};
            from[partition] = parts_.store.sealed_below(partition);
        }
    }
    return from;
}

std::uint64_t Follower::lag() const {
    const std::lock_guard lock(mutex_);
    std::uint64_t records = 0;
    for (const auto& [partition, reader] : readers_) {
        const auto bounds = parts_.log.bounds(partition);
        if (!bounds) continue; // the stream is gone: refresh() will see to it
        const Offset next = std::max(reader->position(), bounds.value().log_start_offset);
        if (bounds.value().last_stable_offset > next)
            records += static_cast<std::uint64_t>(bounds.value().last_stable_offset - next);
    }
    return records;
}

} // namespace holdfast::history
