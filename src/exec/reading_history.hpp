#pragma once

#include <holdfast/column/value.hpp>
#include <holdfast/sql/select_plan.hpp>

#include <cstdint>

namespace holdfast::exec {

// What latest(), changed(), had_changed() and counter_rate() know of the rows of a partition so
// far: the last value that was not NULL, and when that was. Borrows texts.
class ReadingHistory {
public:
    // The function's result for the next row, `time` being what it is ordered by. A rate needs
    // numbers and timestamps: what else there is counts as a mismatch.
    [[nodiscard]] column::Value next(sql::WindowFunction function, const column::Value& value,
                                     const column::Value& time, std::uint64_t& mismatches);

private:
    [[nodiscard]] column::Value rate(const column::Value& value, const column::Value& time,
                                     std::uint64_t& mismatches) const;

    column::Value last_;
    column::Value time_;
};

} // namespace holdfast::exec
