#pragma once

#include "ml/training/binned_table.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

// What the rows of a leaf, or of one bin of it, add up to. The value that fits them best is
// pull / weight.
struct RowSums {
    double pull = 0.0;   // weight times target, or minus the loss's first derivative
    double weight = 0.0; // or its second derivative
    std::uint32_t rows = 0;

    RowSums& operator+=(const RowSums& other) {
        pull += other.pull;
        weight += other.weight;
        rows += other.rows;
        return *this;
    }
    RowSums& operator-=(const RowSums& other) {
        pull -= other.pull;
        weight -= other.weight;
        rows -= other.rows;
        return *this;
    }
};

// The sums of a feature, by code: kBinCodes of them.
using Histogram = std::span<RowSums>;

// Where a leaf is best parted. gain 0: nowhere.
struct Split {
    double gain = 0.0; // what the summed squares, or the loss, fall by
    std::uint32_t feature = 0;
    std::uint8_t code = 0; // up to it goes left
    bool is_missing_left = false;
    RowSums left;
};

struct SplitRules {
    std::uint32_t leaf_rows_min = 1;
    double leaf_weight_min = 0.0;
    double l2 = 0.0; // added to the weight of each leaf
    double gain_min = 0.0;
};

// Adds `rows` of the feature to its histogram. `pulls` and `weights` belong to the rows in their
// order; `weights` may be empty, each is 1 then. Cost: about 1 ns a row.
void add_rows(const BinnedTable& table, std::size_t feature, std::span<const std::uint32_t> rows,
              std::span<const double> pulls, std::span<const double> weights, Histogram to);

// Sets `best` to the feature's best split where that gains more. `total` is the leaf's.
void improve_split(const BinnedTable& table, std::size_t feature, std::span<const RowSums> sums,
                   const RowSums& total, const SplitRules& rules, Split& best);

} // namespace holdfast::ml
