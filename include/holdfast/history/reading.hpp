#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/column/column.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace holdfast::history {

// Rows of one device with times in [from_us, to_us).
struct ScanRequest {
    StreamId stream{};
    std::string device{};
    std::vector<std::string> fields{};
    std::int64_t from_us = INT64_MIN;
    std::int64_t to_us = INT64_MAX;
    std::size_t bytes_max = SIZE_MAX; // in memory at once; StoreOptions::scan_bytes_max holds, too
    bool in_any_order = false;        // else by time; costs less where messages have several shapes
    // Of `fields`, by number: rows that lack one of them need not be given.
    std::vector<std::size_t> needed{};
};

struct ScanBatch {
    std::vector<std::int64_t> ts_us;     // rising, but with ScanRequest::in_any_order
    std::vector<column::Column> columns; // one for each field asked for; NULL where a row has none
    [[nodiscard]] std::size_t rows() const noexcept { return ts_us.size(); }
};

// Offsets by partition of a stream. One that is not there has 0.
using Offsets = std::map<PartitionIndex, Offset>;

// The rows of one device, as they were when the reading was made. One thread at a time;
// the store outlives it.
class Reading {
public:
    virtual ~Reading() = default;
    // At most 2,048 rows, whose text is borrowed until the next call; false behind the last.
    // Errors: corrupt names the device and the damaged range; limit_exceeded where chunks
    // that overlap in time need more than the bytes allowed; io.
    [[nodiscard]] virtual Result<bool> next(ScanBatch& out) = 0;
    // Up to where the log had been told: rows of offsets below are in the reading, others are not,
    // unless it is ahead.
    [[nodiscard]] virtual const Offsets& told_below() const noexcept = 0;
    // Whether it may have rows of offsets from there on, too: chunks of before a start, of which
    // nobody can say which rows they are until the log was told again as far as they reach.
    [[nodiscard]] virtual bool is_ahead() const noexcept = 0;
    // Rows of earlier times are over: none is in the reading, whatever its offset.
    [[nodiscard]] virtual std::int64_t kept_from_us() const noexcept = 0;
    // What it holds in memory, about.
    [[nodiscard]] virtual std::size_t bytes() const noexcept = 0;
};

} // namespace holdfast::history
