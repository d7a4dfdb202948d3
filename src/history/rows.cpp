#include "history/rows.hpp"

#include "history/time_order.hpp"

#include <algorithm>
#include <bit>

namespace holdfast::history {
namespace {

using column::Type;
using column::Value;

bool same_value(const Value& left, const Value& right) noexcept {
    if (left.type() != right.type()) return false;
    switch (left.type()) {
        case Type::null: return true;
        case Type::text: return left.as_text() == right.as_text();
        case Type::float64:
            return std::bit_cast<std::uint64_t>(left.as_float()) ==
                   std::bit_cast<std::uint64_t>(right.as_float());
        case Type::int64:
        case Type::boolean:
        case Type::timestamp: break;
    }
    return left.as_int() == right.as_int();
}

} // namespace

void append_refs(const Rows& rows, std::vector<RowRef>& out) {
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back({&rows, static_cast<std::uint32_t>(row)});
}

bool same_values(const RowRef& left, const RowRef& right) noexcept {
    for (std::size_t i = 0; i < left.rows->columns.size(); ++i)
        if (!same_value(left.rows->columns[i].at(left.row), right.rows->columns[i].at(right.row)))
            return false;
    return true;
}

void order_and_fold(std::vector<RowRef>& rows) {
    sort_by_time(rows, [](const RowRef& row) { return row.ts_us(); });
    auto kept = rows.begin();
    auto same_time = rows.begin(); // the first kept row of the time that is looked at
    for (const RowRef& row : rows) {
        if (same_time != kept && same_time->ts_us() != row.ts_us()) same_time = kept;
        const bool is_known = std::any_of(
            same_time, kept, [&row](const RowRef& other) { return same_values(other, row); });
        if (!is_known) *kept++ = row;
    }
    rows.erase(kept, rows.end());
}

} // namespace holdfast::history
