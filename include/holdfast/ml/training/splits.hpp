#pragma once

#include <holdfast/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

// Rows to train on and rows to test with, each ascending; no row is in both.
struct Fold {
    std::vector<std::size_t> train;
    std::vector<std::size_t> test;
};

// Whoever tests with rows of a device that was trained on, or trains on what came later, measures
// memory and not foresight. So rows are parted by event time, by group (a device) or by both; by
// chance only where rows have nothing to do with each other.
//
// `times` are event times (epoch milliseconds) and `groups` any numbers, one for each row, in any
// order. `part` of the rows, in (0, 1), is for the test, at least one row on either side. All
// errors are malformed: none or not enough rows, times or groups to part, a number out of bounds.
// The same seed gives the same folds. Cost: O(n log n).

// The test has the latest rows. Rows of one time stay together.
[[nodiscard]] Result<Fold> split_by_time(std::span<const std::int64_t> times, double part);
// The test has whole groups, drawn until they are the part.
[[nodiscard]] Result<Fold> split_by_group(std::span<const std::size_t> groups, double part,
                                          std::uint64_t seed);

// Each row is tested once, drawn by chance; 2 <= k <= rows.
[[nodiscard]] Result<std::vector<Fold>> row_folds(std::size_t rows, std::size_t k,
                                                  std::uint64_t seed);
// Each group is tested once; folds have about as many rows each.
[[nodiscard]] Result<std::vector<Fold>> group_folds(std::span<const std::size_t> groups,
                                                    std::size_t k, std::uint64_t seed);
// Time is cut into k + 1 stretches of about as many rows; fold i trains on all up to the cut i and
// tests with the stretch after it.
[[nodiscard]] Result<std::vector<Fold>> time_folds(std::span<const std::int64_t> times,
                                                   std::size_t k);
// Both: fold i tests with what the groups of its fold did after the cut i, and trains on what all
// other groups did up to it.
[[nodiscard]] Result<std::vector<Fold>> group_time_folds(std::span<const std::size_t> groups,
                                                         std::span<const std::int64_t> times,
                                                         std::size_t k, std::uint64_t seed);

} // namespace holdfast::ml
