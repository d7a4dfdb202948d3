#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/column/value.hpp>
#include <holdfast/history/reading.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace holdfast::history {

// Of values in the order of their times. All but `count` are of the numbers among them: int64 where
// all were, else double; NULL where there was none. NaN counts for sum, first and last alone.
struct FieldStats {
    std::uint64_t count = 0; // that are not NULL, of any type
    std::uint64_t numbers = 0;
    column::Value min, max, sum, first, last; // a sum over int64 goes on as a double

    void add(const column::Value& value) noexcept; // a later one
    [[nodiscard]] column::Value mean() const noexcept;
};

// The same with times, so that parts can be put together in any order.
struct FieldAggregate : FieldStats {
    std::int64_t first_us = 0, last_us = 0; // of the first and the last number
    std::int64_t min_us = 0, max_us = 0; // the earliest; only with AggregateRequest::with_extremes

    void add(std::int64_t ts_us, const column::Value& value) noexcept; // not before those known
    // `other` comes behind this one where times are equal.
    void add(const FieldAggregate& other) noexcept;
};

struct AggregateRequest {
    StreamId stream{};
    std::string device{};
    std::vector<std::string> fields{};
    std::int64_t from_us = INT64_MIN; // [from, to)
    std::int64_t to_us = INT64_MAX;
    std::int64_t step_us = 0;         // the width of a bucket; 0: one for all
    std::int64_t origin_us = 0;       // where one bucket begins, and so all of them
    bool with_extremes = false;       // the times of min and max, too, which headers do not have
    std::size_t bytes_max = SIZE_MAX; // in memory at once; StoreOptions::scan_bytes_max holds, too
    // Asked at least once for each chunk: its error ends the work. Empty: nobody asks.
    std::function<Result<void>()> check{};
};

// Rows of times in [start_us, start_us + step_us).
struct Bucket {
    std::int64_t start_us = 0; // AggregateRequest::from_us where there is one for all
    std::uint64_t rows = 0;
    std::vector<FieldAggregate> fields; // as asked for
};

// How chunks were answered.
struct AggregateCost {
    std::uint64_t headers = 0; // from the header alone
    std::uint64_t chunks = 0;  // from their values
};

// Rows of one device, counted as a Reading gives them, in buckets of time. Chunks that lie in one
// bucket, and overlap no other, are answered by their headers. One thread at a time; the store
// outlives it.
class Aggregation {
public:
    virtual ~Aggregation() = default;
    // Some buckets, by time, those that have rows; false behind the last. Errors: as
    // Reading::next(), and those of the request's `check`.
    [[nodiscard]] virtual Result<bool> next(std::vector<Bucket>& out) = 0;
    [[nodiscard]] virtual const Offsets& told_below() const noexcept = 0;
    [[nodiscard]] virtual bool is_ahead() const noexcept = 0;
    [[nodiscard]] virtual std::int64_t kept_from_us() const noexcept = 0;
    [[nodiscard]] virtual AggregateCost cost() const noexcept = 0;
    // What it holds in memory, about.
    [[nodiscard]] virtual std::size_t bytes() const noexcept = 0;
};

// The begin of the bucket that holds `us`. Widths are above 0.
[[nodiscard]] std::int64_t bucket_of(std::int64_t us, std::int64_t step_us,
                                     std::int64_t origin_us) noexcept;

} // namespace holdfast::history
