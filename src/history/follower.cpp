#include <holdfast/history/follower.hpp>

#include "history/partition_reader.hpp"

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
        reader = std::make_shared<PartitionReader>(stream, partition.index, parts_.store,
                                                   parts_.metrics);
        parts_.pool.add(reader);
    }
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
