#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::log {

// Latest-per-key state that changes together with records: one column family, `state.{name}`.
// Whoever keeps state has a constant of its own; the log is told of all of them when it is opened
// (LogOptions::keyspaces), and knows none itself.
struct Keyspace {
    std::string_view name; // a literal

    friend auto operator<=>(const Keyspace&, const Keyspace&) = default;
};

struct StateChange {
    Keyspace keyspace{};
    std::string key;
    std::optional<std::string> value; // empty: the key is deleted
};

// One record batch for one partition. `batch` is a finished RecordBatch v2 whose bytes the group's
// owner keeps until completed(); its base offset is set in place.
//
// A batch with a producer id is taken once, in the order of its sequences; a transactional one is
// readable as committed when a marker (record/transaction_marker.hpp) of its producer says so.
// Batches and markers for several partitions in one group are stored together or not at all.
struct PartitionAppend {
    PartitionId partition;
    std::span<std::byte> batch;
    std::int32_t record_count = 0;
    // The partitions among which record::partition_for() chose this one for each keyed record; 0:
    // something else may have. Where it is not the stream's number the log looks at the keys.
    PartitionIndex keyed_among = 0;

    Offset base_offset = -1;   // out: offset of the first record, where it was appended
    bool is_duplicate = false; // out: the producer's batch was there already, at base_offset
    // out: not_found for a stream that is gone; fenced, out_of_order or limit_exceeded by its
    // producer; malformed. The rest of the group goes on.
    std::optional<Error> refused{};
};

// What one caller wants stored in one atomic WriteBatch: batches in order, and state changes.
// Two appends of one group to the same partition keep their order. Owned by the caller, which
// leaves it alone between Log::append() and completed().
class AppendGroup {
public:
    virtual ~AppendGroup() = default;

    // Called once, on the committer thread: durable and visible (below the high watermark), or
    // failed whole (no_space, io, closed) with nothing stored. Must not block: post it on.
    virtual void completed(Result<void> outcome) noexcept = 0;

    // Called before completed(), on the committer thread, once the appends have their offsets and
    // before the state changes are taken: these may still be made, to say where records went. The
    // group may yet fail. Must not block.
    virtual void placed() noexcept {}

    std::vector<PartitionAppend> appends;
    std::vector<StateChange> state_changes;
    // Whether state changes alone are synced, too. Where not, a power loss may take the last ones.
    bool syncs_state = true;
};

} // namespace holdfast::log
