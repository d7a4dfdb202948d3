#pragma once

#include <holdfast/history/damage.hpp>
#include <holdfast/kv/database.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace holdfast::history {

// By time partition and partition of the log, from which offset on the log had the rows that are
// stored there: a log that has them still can tell all of them again. Not thread-safe.
class Floors {
public:
    // `starts` are the time partitions there are, by their first microsecond; of others nothing is
    // kept. Of what was stored before this was kept, by partitions `told`, nothing can be said.
    // Errors: corrupt, io.
    [[nodiscard]] Result<void> load(kv::Database& database, const std::set<std::int64_t>& starts,
                                    const std::vector<PartitionId>& told);

    // Rows of offsets from `lowest` on go there with the batch.
    void stage(std::int64_t start_us, PartitionId from, Offset lowest, kv::WriteBatch& batch);
    // The partition of the log ends earlier from now on: some of what is stored is not in it.
    void stage_rewind(PartitionId from, kv::WriteBatch& batch);

    // By partition of the log; DamagedPartition::kNever where it does not have all.
    [[nodiscard]] std::map<PartitionId, Offset> of(std::int64_t start_us) const;

private:
    using Key = std::pair<std::int64_t, PartitionId>;
    void put(const Key& key, Offset lowest, kv::WriteBatch& batch);

    kv::Family meta_;
    std::map<Key, Offset> lowest_;
    // Keys and what they hold (none: they go), to be stored with what is staged next: an open must
    // not write, as on a full disk.
    std::vector<std::pair<Bytes, std::optional<Bytes>>> due_;
};

} // namespace holdfast::history
