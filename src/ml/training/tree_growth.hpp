#pragma once

#include "ml/training/histogram.hpp"

#include <holdfast/ml/training/random.hpp>
#include <holdfast/ml/training/tree_ensemble.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

struct GrowthRules {
    std::size_t leaves_max = 31;
    std::size_t depth_max = 64;
    std::size_t split_features = 0; // drawn for each split; 0: all
    SplitRules split;
};

// Grows one tree, the leaf that gains most first, over rows that are put in the order of its
// leaves as it grows.
//
// The sums of a leaf's sibling are the parent's without the leaf's, so only the smaller of two
// children is read. That keeps 6 KB a feature for each leaf that may still be split; beyond 256 MB,
// or where features are drawn, sums are read anew and kept by nobody.
//
// Source: Breiman and others, Classification and Regression Trees, 1984 (the split that lowers
// summed squares most); Ke and others, LightGBM, NIPS 2017 (histograms, best leaf first).
class TreeGrowth {
public:
    // Rows of a leaf: rows()[begin, end).
    struct Leaf {
        std::uint32_t node = 0;
        std::size_t begin = 0;
        std::size_t end = 0;
    };

    // Borrows all; `random` is drawn from where rules.split_features is not 0. Pulls and weights
    // (empty: all 1) are by row of the table; `rows`, not empty, may leave rows out.
    TreeGrowth(const BinnedTable& table, const GrowthRules& rules, std::span<const double> pulls,
               std::span<const double> weights, std::vector<std::uint32_t> rows, Random& random);

    // Once. Leaf values are pull / (weight + l2).
    [[nodiscard]] Tree grow();
    [[nodiscard]] std::span<const Leaf> leaves() const noexcept { return leaves_; }
    [[nodiscard]] std::span<const std::uint32_t> rows() const noexcept { return rows_; }
    // What the splits on each feature gained.
    [[nodiscard]] std::span<const double> gains() const noexcept { return gains_; }

private:
    // A leaf that may be split.
    struct Open {
        Leaf leaf;
        std::size_t depth = 0;
        RowSums total;
        Split split;
        std::vector<RowSums> sums; // of all features; empty where they are not kept
    };
    [[nodiscard]] bool may_split(const Open& open) const;
    void load(const Open& open);
    void read_sums(Open& open);
    void find_split(Open& open);
    void find_drawn_split(Open& open);
    [[nodiscard]] std::size_t part_rows(const Open& open);
    void place(Open open);
    void split(Open open);
    void find_children(Open& parent, Open& left, Open& right);
    [[nodiscard]] double value_of(const RowSums& total) const;

    const BinnedTable& table_;
    const GrowthRules& rules_;
    std::span<const double> pulls_;
    std::span<const double> weights_;
    std::vector<std::uint32_t> rows_;
    Random& random_;
    bool keeps_sums_;
    Tree tree_;
    std::vector<Open> open_; // a heap by gain
    std::vector<Leaf> leaves_;
    std::vector<double> gains_;
    // Work space: pulls and weights of one leaf in the order of its rows, rows that go right, the
    // order in which features are drawn.
    std::vector<double> leaf_pulls_, leaf_weights_;
    std::vector<std::uint32_t> right_rows_;
    std::vector<std::size_t> drawn_;
};

} // namespace holdfast::ml
