#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace holdfast::history {

// Puts `rows` in the order of their times; those of one time stay as they were. Cost: n log r for n
// rows in r rising runs, as groups, chunks and heads mostly are; one look at each where r is 1.
//
// By their places beside the times: std::stable_sort and std::inplace_merge ask for a buffer by a
// function that is deprecated, which clang does not let pass.
template <class Row, class TimeOf>
void sort_by_time(std::vector<Row>& rows, TimeOf time_of) {
    using Placed = std::pair<std::int64_t, std::size_t>; // time, place: no two are equal
    std::vector<std::size_t> ends;                       // of the runs
    for (std::size_t i = 1; i < rows.size(); ++i)
        if (time_of(rows[i]) < time_of(rows[i - 1])) ends.push_back(i);
    if (ends.empty()) return;
    ends.push_back(rows.size());
    std::vector<Placed> order;
    order.reserve(rows.size());
    for (std::size_t place = 0; place < rows.size(); ++place)
        order.emplace_back(time_of(rows[place]), place);
    // Two runs at a time become one, until there is one.
    std::vector<Placed> merged(order.size());
    while (ends.size() > 1) {
        std::vector<std::size_t> merged_ends;
        std::size_t begin = 0;
        for (std::size_t i = 0; i < ends.size(); i += 2) {
            const std::size_t middle = ends[i];
            const std::size_t end = i + 1 < ends.size() ? ends[i + 1] : middle;
            std::merge(order.data() + begin, order.data() + middle, order.data() + middle,
                       order.data() + end, merged.data() + begin);
            merged_ends.push_back(end);
            begin = end;
        }
        order.swap(merged);
        ends.swap(merged_ends);
    }
    std::vector<Row> sorted;
    sorted.reserve(rows.size());
    for (const auto& [time, place] : order) sorted.push_back(rows[place]);
    rows = std::move(sorted);
}

} // namespace holdfast::history
