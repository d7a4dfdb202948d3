#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/base/memory_account.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/column/column.hpp>
#include <holdfast/column/value.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::kv {
class Storage;
}

namespace holdfast::history {

// What is over one of these stays in the log alone, and is counted with the offender's name.
struct Bounds {
    std::size_t devices = 100'000;
    std::size_t fields_per_device = 1'000;
    std::size_t new_series_per_minute = 100'000; // groups, by the minute in which messages arrived
    std::size_t text_bytes = 64U << 10U;
};

struct StoreOptions {
    std::filesystem::path directory;           // made if absent; locked while open
    std::shared_ptr<kv::Storage> storage{};    // null: the real file system
    std::size_t heads_bytes_max = 256U << 20U; // counted in the memory account
    std::size_t database_bytes = 64U << 20U;   // write buffers and cache: the opener's to account
    std::int64_t partition_us = 7 * 86'400'000'000; // the span of time that retention drops at once
    std::size_t chunk_rows = 2'048;
    std::size_t scan_bytes_max = 256U << 20U; // of one scan in memory
    Bounds bounds{};
};

// One field of a message, by its JSON path.
struct FieldValue {
    std::string_view field;
    column::Value value;
};

// A message as a row, borrowed. Its fields, in their order, are its shape; none comes twice.
struct NewRow {
    std::string_view device;
    std::int64_t ts_us = 0; // event time
    std::int64_t arrival_us = 0;
    Offset offset = 0;
    std::span<const FieldValue> values;
};

struct ScanBatch {
    std::vector<std::int64_t> ts_us;     // rising
    std::vector<column::Column> columns; // one for each field asked for; NULL where a row has none
    [[nodiscard]] std::size_t rows() const noexcept { return ts_us.size(); }
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
    // after an error the same may be told again. Errors: io, no_space.
    [[nodiscard]] Result<void> add(PartitionId partition, std::span<const NewRow> rows,
                                   Offset next);
    [[nodiscard]] Result<void> seal_all();

    // Up to where the partition is durable here: what lies below need not be in the log any more.
    [[nodiscard]] Offset sealed_below(PartitionId partition) const;

    // Rows of a device in [from_us, to_us), in the order of their time, batch by batch, until
    // `each` returns false. Errors: corrupt names the device and the damaged range; limit_exceeded
    // where one time partition of it needs more than scan_bytes_max; io.
    using EachBatch = std::function<bool(const ScanBatch&)>;
    [[nodiscard]] Result<void> scan(StreamId stream, std::string_view device,
                                    std::span<const std::string> fields, std::int64_t from_us,
                                    std::int64_t to_us, const EachBatch& each) const;
    // Of all the shapes of the device, each once, in the order in which they were first seen.
    [[nodiscard]] std::vector<std::string> fields(StreamId stream, std::string_view device) const;
    [[nodiscard]] std::vector<std::string> devices(StreamId stream) const; // in byte order

    // Drops every time partition that ends at or before `us`, whole; also on a full disk. Rows in
    // heads are kept. Gives how many were dropped.
    [[nodiscard]] Result<std::size_t> drop_before(std::int64_t us);

    [[nodiscard]] StoreCounts counts() const;

    class Impl;

private:
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::history
