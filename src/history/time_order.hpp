#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace holdfast::history {

// Puts `rows` in the order of their times; those of one time stay as they were. Cost: one look at
// each where they are in order, as most are.
//
// By their places beside the times: std::stable_sort asks for a buffer by a function that is
// deprecated, which clang does not let pass.
template <class Row, class TimeOf>
void sort_by_time(std::vector<Row>& rows, TimeOf time_of) {
    const auto is_earlier = [&](const Row& left, const Row& right) {
        return time_of(left) < time_of(right);
    };
    if (std::is_sorted(rows.begin(), rows.end(), is_earlier)) return;
    std::vector<std::pair<std::int64_t, std::size_t>> order;
    order.reserve(rows.size());
    for (std::size_t place = 0; place < rows.size(); ++place)
        order.emplace_back(time_of(rows[place]), place);
    std::sort(order.begin(), order.end());
    std::vector<Row> sorted;
    sorted.reserve(rows.size());
    for (const auto& [time, place] : order) sorted.push_back(rows[place]);
    rows = std::move(sorted);
}

} // namespace holdfast::history
