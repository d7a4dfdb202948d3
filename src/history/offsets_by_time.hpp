#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/kv/database.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace holdfast::history {

// How far into the log rows of each time partition lie. So it is known up to which offset the log
// may still have rows that history let go. Of each partition of the log it has as many entries as
// there are time partitions. Not thread-safe.
class OffsetsByTime {
public:
    explicit OffsetsByTime(std::int64_t width_us) : width_us_(width_us) {}

    // What is stored. Errors: corrupt, io.
    [[nodiscard]] Result<void> load(const kv::Database& database);
    // Whether it has anything of the partition: history of before this was kept has not.
    [[nodiscard]] bool knows(PartitionId from) const { return all_.contains(from); }

    // A row of that time is there. Cost: three comparisons where it is as the one before.
    void note(PartitionId from, std::int64_t ts_us, Offset offset);
    // Rows of offsets below may be over already.
    void note_over(PartitionId from, Offset below);

    // Rows of earlier times are over: none of them has an offset from there on.
    [[nodiscard]] Offset over_below(PartitionId from, std::int64_t kept_from_us) const;
    // Puts what is over into one entry, of each stream.
    void fold(const std::function<std::int64_t(StreamId)>& kept_from_us);

    // Adds what is new to `batch`, and once that is stored, says so.
    void stage(const kv::Family& family, kv::WriteBatch& batch) const;
    void is_now_stored();

private:
    static constexpr std::int64_t kOver = INT64_MIN; // the time partition of what is over

    struct Entry {
        Offset below = 0; // rows of the time partition have smaller offsets
        bool is_stored = false;
    };
    using Entries = std::map<std::int64_t, Entry>; // by the first microsecond

    Entry& raise(PartitionId from, std::int64_t begin_us, Offset below);

    const std::int64_t width_us_;
    std::map<PartitionId, Entries> all_;
    std::vector<Bytes> gone_; // keys to be taken out
    // The entry that was noted last: null where it may be another by now.
    Entry* last_ = nullptr;
    PartitionId last_from_;
    std::int64_t last_begin_us_ = 0;
};

} // namespace holdfast::history
