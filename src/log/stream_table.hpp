#pragma once

#include "log/partition.hpp"

#include <holdfast/log/stream.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::log {

struct StreamEntry {
    std::shared_ptr<const Stream> stream;
    std::vector<std::shared_ptr<Partition>> partitions;
};

// The streams by name and by id. Thread-safe; the committer thread writes.
class StreamTable {
public:
    [[nodiscard]] std::shared_ptr<const StreamEntry> find(std::string_view name) const;
    [[nodiscard]] std::shared_ptr<const StreamEntry> find(StreamId id) const;
    // Null where stream or partition does not exist.
    [[nodiscard]] std::shared_ptr<Partition> find(PartitionId id) const;
    [[nodiscard]] std::vector<std::shared_ptr<const StreamEntry>> all() const; // by name

    // Adds it, or takes the place of the one with the same id.
    void put(std::shared_ptr<const StreamEntry> entry);
    void erase(StreamId id);
    // Takes what recovery found, all at once: nobody sees half of it.
    void replace(const std::vector<std::shared_ptr<const StreamEntry>>& entries);
    // Lets go of all while the database is closed. No change: the same streams come back.
    void clear();
    // Grows with every change.
    [[nodiscard]] std::uint64_t version() const noexcept { return version_; }

private:
    std::atomic<std::uint64_t> version_{1};
    mutable std::shared_mutex mutex_;
    std::map<std::string, std::shared_ptr<const StreamEntry>, std::less<>> by_name_; // guarded
    std::map<StreamId, std::shared_ptr<const StreamEntry>> by_id_; // both by mutex_
};

} // namespace holdfast::log
