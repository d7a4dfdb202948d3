#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/base/memory_account.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/column/value.hpp>
#include <holdfast/history/aggregate.hpp>
#include <holdfast/history/damage.hpp>
#include <holdfast/history/device.hpp>
#include <holdfast/history/reading.hpp>
#include <holdfast/history/store_options.hpp>
#include <holdfast/record/payload_columns.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::history {

// One field of a message, by its JSON path.
using FieldValue = record::Member;

// A message as a row, borrowed. Its fields, in their order, are its shape; none comes twice.
struct NewRow {
    std::string_view device;
    std::int64_t ts_us = 0; // event time
    std::int64_t arrival_us = 0;
    Offset offset = 0;
    std::span<const FieldValue> values;
};

// What of a stream the store can stand for.
struct Coverage {
    std::int64_t from_us = INT64_MIN; // rows of earlier times are over
    bool is_whole = true;             // nothing of the stream was over a bound
    Offsets told_below{};             // up to where the log had been told
    // Records that were told and are over have offsets below, by partition; so may others.
    Offsets over_below{};
};

// A device that was taken out.
struct ErasedDevice {
    Offsets below;          // by partition: its rows of earlier offsets are passed over
    std::uint64_t rows = 0; // that it had, those that were delivered twice twice
};

struct StoreCounts {
    std::uint64_t devices = 0;
    std::uint64_t groups = 0;
    std::uint64_t heads_bytes = 0;
    std::uint64_t sealed_chunks = 0; // since the start
    std::uint64_t sealed_bytes = 0;  // since the start
};

// What devices said, in columns, for longer than the log keeps it: a view of the log with an offset
// for each partition up to which it is durable. Rows gather in memory (heads) and are sealed in
// chunks; what was not sealed when the process died is read from the log again, and rows that were
// sealed already are known by their offsets. Thread-safe.
class Store {
public:
    // Errors: io, corrupt (metadata damaged), not_supported (of another format): all name the path.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(StoreOptions options,
                                                             MemoryAccount& memory,
                                                             Metrics& metrics);
    ~Store(); // heads that are not sealed are read from the log again

    // The next offset of the partition that is wanted.
    [[nodiscard]] Offset position(PartitionId partition) const;
    // Takes rows of one partition in the order of their offsets, and that everything below `next`
    // has been told; seals what is full or over the budget. Rows told before are passed over, so
    // after an error the same may be told again. With `from`, the offset that this goes on at:
    // nothing is taken where less was told, as after reopen(). Errors: io, no_space, closed (less
    // was told: go on at position()): then none, or all, was taken.
    [[nodiscard]] Result<void> add(PartitionId partition, std::span<const NewRow> rows, Offset next,
                                   std::optional<Offset> from = {});
    // Durable when they return: all that was told; what was told of offsets below those given, by
    // partition. Errors: io, no_space.
    [[nodiscard]] Result<void> seal_all();
    [[nodiscard]] Result<void> seal_below(const std::map<PartitionId, Offset>& below);

    // Up to where the partition is durable here: what lies below need not be in the log any more.
    [[nodiscard]] Offset sealed_below(PartitionId partition) const;
    // The partition ends at `end`, before what was told: as the log of an older backup does. Its
    // rows stay, and offsets from `end` on are taken as new. Errors: io, no_space.
    [[nodiscard]] Result<void> rewind(PartitionId partition, Offset end);

    // All that is sealed, as a history of its own in a directory that does not exist yet; beside
    // everything else. Errors: already_exists, io, no_space; then nothing is left of it.
    [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& directory) const;

    // Takes stock under the lock, which costs a copy of the device's heads; reads as it is asked.
    [[nodiscard]] std::unique_ptr<Reading> read(const ScanRequest& request) const;
    // Takes stock as read() does.
    [[nodiscard]] std::unique_ptr<Aggregation> aggregate(const AggregateRequest& request) const;
    // As read(), batch by batch, until `each` returns false. Errors: those of Reading::next().
    using EachBatch = std::function<bool(const ScanBatch&)>;
    [[nodiscard]] Result<void> scan(StreamId stream, std::string_view device,
                                    std::span<const std::string> fields, std::int64_t from_us,
                                    std::int64_t to_us, const EachBatch& each) const;
    // Of all the shapes of the device, each once, in the order in which they were first seen.
    [[nodiscard]] std::vector<std::string> fields(StreamId stream, std::string_view device) const;
    // Of all devices of the stream, at most `max` of them.
    [[nodiscard]] std::vector<std::string> fields(StreamId stream, std::size_t max) const;
    [[nodiscard]] std::vector<std::string> devices(StreamId stream) const; // in byte order
    // Of devices that come after `after`, in byte order. Cost: one step for each of them.
    [[nodiscard]] std::vector<DeviceSummary> summaries(StreamId stream, std::string_view after,
                                                       std::size_t max) const;
    [[nodiscard]] std::optional<DeviceSummary> summary(StreamId stream,
                                                       std::string_view device) const;
    // Reads one key for each shape of the device that has no newer row in memory. Nothing of a
    // device that is not known. Errors: io, corrupt.
    [[nodiscard]] Result<Latest> latest(StreamId stream, std::string_view device) const;
    [[nodiscard]] Offsets told_below(StreamId stream) const;
    [[nodiscard]] Coverage coverage(StreamId stream) const;

    // Drops every time partition that ends at or before `us`, whole; also on a full disk. Streams
    // in `own` have a time of their own instead, and partitions of their own from the first call on
    // that names them: what they had before stays with the others' and goes with them. What is over
    // is not read any more. Gives how many were dropped. Errors: io, no_space.
    [[nodiscard]] Result<std::size_t> drop_before(std::int64_t us,
                                                  const std::map<StreamId, std::int64_t>& own = {});
    // Drops the oldest time partition, of whatever streams, unless there is no later one: its end.
    [[nodiscard]] Result<std::optional<std::int64_t>> drop_oldest();

    // Forgets a device: its rows and last values, and fields that no other has. Durable when it
    // returns. Rows of it that are told later are passed over where their offsets are below those
    // given, or had been told by now: gives up to where, by partition. Asked for again before
    // end_erasure() it takes nothing more, unless offsets are higher. A reading of the device that
    // is under way may end with an error. Errors: io, no_space.
    [[nodiscard]] Result<ErasedDevice> erase(StreamId stream, const std::string& device,
                                             const Offsets& below);
    // Writes the time partitions anew that the device had rows in, or may have had before a start:
    // they leave the files. Takes its time, beside everything else. Errors: closed (`stop` said
    // so), corrupt, io, no_space.
    [[nodiscard]] Result<void> rewrite_erased(StreamId stream, const std::string& device,
                                              const std::stop_token& stop);
    // The log does not tell those rows any more. Errors: io, no_space.
    [[nodiscard]] Result<void> end_erasure(StreamId stream, const std::string& device);
    // That have not ended.
    [[nodiscard]] std::vector<std::pair<StreamId, std::string>> erasures() const;

    // For Repair: whether something did not read; where. Errors: closed (`stop` said so), io.
    [[nodiscard]] bool may_be_damaged() const;
    [[nodiscard]] Result<std::vector<DamagedPartition>> find_damage(const std::stop_token& stop);
    // Empties a partition and refuses to read it, until it was told again all rows that it had:
    // those of others are passed over. Errors: io, no_space, closed (begin anew).
    [[nodiscard]] Result<void> begin_rebuild(const DamagedPartition& part);
    [[nodiscard]] Result<void> tell_again(PartitionId from, std::span<const NewRow> rows);
    [[nodiscard]] Result<void> end_rebuild();

    [[nodiscard]] StoreCounts counts() const;
    // Why nothing is taken any more: a write failed, and the database was not reopened yet.
    [[nodiscard]] std::optional<Error> stopped() const;
    // After a failed write: opens the database anew, as a start does, so that position() goes back
    // and the log is read again from there. Nothing where none failed. Errors: closed, while
    // readings that began before are under way (new ones are refused then), and those of open().
    [[nodiscard]] Result<void> reopen();

    class Impl;
    class Current;

private:
    explicit Store(std::unique_ptr<Current> current);
    std::unique_ptr<Current> current_;
};

} // namespace holdfast::history
