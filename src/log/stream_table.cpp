#include "log/stream_table.hpp"

#include <mutex>

namespace holdfast::log {

std::shared_ptr<const StreamEntry> StreamTable::find(std::string_view name) const {
    const std::shared_lock lock(mutex_);
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
}

std::shared_ptr<const StreamEntry> StreamTable::find(StreamId id) const {
    const std::shared_lock lock(mutex_);
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
}

std::shared_ptr<Partition> StreamTable::find(PartitionId id) const {
    const std::shared_lock lock(mutex_);
    const auto found = by_id_.find(id.stream);
    if (found == by_id_.end() || id.index >= found->second->partitions.size()) return nullptr;
    return found->second->partitions[id.index];
}

std::vector<std::shared_ptr<const StreamEntry>> StreamTable::all() const {
    const std::shared_lock lock(mutex_);
    std::vector<std::shared_ptr<const StreamEntry>> entries;
    entries.reserve(by_name_.size());
    for (const auto& [name, entry] : by_name_) entries.push_back(entry);
    return entries;
}

void StreamTable::put(std::shared_ptr<const StreamEntry> entry) {
    const std::lock_guard lock(mutex_);
    by_name_[entry->stream->settings.name] = entry;
    by_id_[entry->stream->id] = std::move(entry);
    ++version_; // last: who sees it finds the change
}

void StreamTable::erase(StreamId id) {
    const std::lock_guard lock(mutex_);
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    by_name_.erase(found->second->stream->settings.name);
    by_id_.erase(found);
    ++version_;
}

void StreamTable::replace(const std::vector<std::shared_ptr<const StreamEntry>>& entries) {
    const std::lock_guard lock(mutex_);
    by_name_.clear();
    by_id_.clear();
    for (const auto& entry : entries) {
        by_name_[entry->stream->settings.name] = entry;
        by_id_[entry->stream->id] = entry;
    }
    ++version_;
}

void StreamTable::clear() {
    const std::lock_guard lock(mutex_);
    by_name_.clear();
    by_id_.clear();
}

} // namespace holdfast::log
