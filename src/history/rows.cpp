#include "history/rows.hpp"

#include "history/time_order.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <span>
#include <string_view>
#include <unordered_set>

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

std::size_t hash_of(const Value& value) noexcept {
    switch (value.type()) {
        case Type::null: return 0;
        case Type::text: return std::hash<std::string_view>()(value.as_text());
        case Type::float64:
            return std::hash<std::uint64_t>()(std::bit_cast<std::uint64_t>(value.as_float()));
        case Type::int64:
        case Type::boolean:
        case Type::timestamp: break;
    }
    return std::hash<std::int64_t>()(value.as_int());
}

struct HashOfRow {
    std::size_t operator()(const RowRef& row) const noexcept {
        constexpr std::size_t kOdd = 0x9E3779B97F4A7C15U; // spreads bits: 2^64 by the golden ratio
        std::size_t hash = 0;
        for (const column::Column& column : row.rows->columns)
            hash = (hash ^ hash_of(column.at(row.row))) * kOdd;
        return hash;
    }
};
struct SameRow {
    bool operator()(const RowRef& left, const RowRef& right) const noexcept {
        return same_values(left, right);
    }
};
using KnownRows = std::unordered_set<RowRef, HashOfRow, SameRow>;

// Few rows of one time are compared one by one. A device whose clock stands still has many, and
// each with each would be their square.
bool is_known(const RowRef& row, std::span<const RowRef> same_time, KnownRows& known) {
    constexpr std::size_t kFew = 8;
    if (same_time.size() <= kFew)
        return std::ranges::any_of(same_time,
                                   [&](const RowRef& other) { return same_values(other, row); });
    if (known.empty()) known.insert(same_time.begin(), same_time.end());
    return known.contains(row);
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
    KnownRows known;               // of it, once they are many
    for (const RowRef& row : rows) {
        if (same_time != kept && same_time->ts_us() != row.ts_us()) {
            same_time = kept;
            known.clear();
        }
        if (is_known(row, std::span(same_time, kept), known)) continue;
        if (!known.empty()) known.insert(row);
        *kept++ = row;
    }
    rows.erase(kept, rows.end());
}

} // namespace holdfast::history
