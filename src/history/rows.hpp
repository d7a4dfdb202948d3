#pragma once

#include <holdfast/column/column.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace holdfast::history {

// Rows of one series group, in the order in which they came: a head or a chunk, decoded.
struct Rows {
    std::vector<std::int64_t> ts_us;
    std::vector<column::Column> columns; // one for each field of the group; empty: not read
    column::TextArena texts;             // of the columns

    [[nodiscard]] std::size_t size() const noexcept { return ts_us.size(); }
};

struct RowRef {
    const Rows* rows = nullptr;
    std::uint32_t row = 0;

    [[nodiscard]] std::int64_t ts_us() const noexcept { return rows->ts_us[row]; }
};

void append_refs(const Rows& rows, std::vector<RowRef>& out);

// Whether two rows of one group hold the same values, to the bit, in every column.
[[nodiscard]] bool same_values(const RowRef& left, const RowRef& right) noexcept;

// Puts rows of one group in the order of their time, those of one time as they came, and leaves of
// rows that are identical in time and values the first: a message that was delivered twice counts
// once. The only place that decides this. All columns must have been read where times are equal.
void order_and_fold(std::vector<RowRef>& rows);

} // namespace holdfast::history
