#include "ml/training/tree_growth.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>

namespace holdfast::ml {
namespace {

constexpr std::size_t kKeptBytesMax = 256U << 20U;

template <typename Open>
bool gains_less(const Open& a, const Open& b) {
    // Of equal gains the older leaf goes first, so that a tree does not depend on the heap.
    return a.split.gain != b.split.gain ? a.split.gain < b.split.gain : a.leaf.node > b.leaf.node;
}

} // namespace

TreeGrowth::TreeGrowth(const BinnedTable& table, const GrowthRules& rules,
                       std::span<const double> pulls, std::span<const double> weights,
                       std::vector<std::uint32_t> rows, Random& random)
    : table_(table),
      rules_(rules),
      pulls_(pulls),
      weights_(weights),
      rows_(std::move(rows)),
      random_(random),
      gains_(table.features(), 0.0),
      leaf_pulls_(rows_.size()),
      leaf_weights_(weights.empty() ? 0 : rows_.size()) {
    assert(!rows_.empty());
    const std::size_t bytes = table.features() * kBinCodes * sizeof(RowSums);
    keeps_sums_ = rules.split_features == 0 && rules.leaves_max <= kKeptBytesMax / bytes;
    drawn_.resize(table.features());
    std::iota(drawn_.begin(), drawn_.end(), std::size_t{0});
}

double TreeGrowth::value_of(const RowSums& total) const {
    const double weight = total.weight + rules_.split.l2;
    return weight > 0.0 ? total.pull / weight : 0.0;
}

bool TreeGrowth::may_split(const Open& open) const {
    return open.depth < rules_.depth_max &&
           open.total.rows >= 2 * std::max<std::uint32_t>(rules_.split.leaf_rows_min, 1);
}

void TreeGrowth::load(const Open& open) {
    for (std::size_t i = open.leaf.begin; i < open.leaf.end; ++i) {
        leaf_pulls_[i - open.leaf.begin] = pulls_[rows_[i]];
        if (!weights_.empty()) leaf_weights_[i - open.leaf.begin] = weights_[rows_[i]];
    }
}

void TreeGrowth::read_sums(Open& open) {
    load(open);
    const std::size_t count = open.leaf.end - open.leaf.begin;
    const std::span rows = std::span(rows_).subspan(open.leaf.begin, count);
    open.sums.assign(table_.features() * kBinCodes, RowSums{});
    for (std::size_t feature = 0; feature < table_.features(); ++feature)
        add_rows(table_, feature, rows, std::span(leaf_pulls_).first(count),
                 weights_.empty() ? std::span<double>() : std::span(leaf_weights_).first(count),
                 std::span(open.sums).subspan(feature * kBinCodes, kBinCodes));
}

void TreeGrowth::find_split(Open& open) {
    for (std::size_t feature = 0; feature < table_.features(); ++feature)
        improve_split(table_, feature, std::span(open.sums).subspan(feature * kBinCodes, kBinCodes),
                      open.total, rules_.split, open.split);
}

// Features in a drawn order, as many as the rules want, and more where those cannot be split on.
void TreeGrowth::find_drawn_split(Open& open) {
    load(open);
    const std::size_t count = open.leaf.end - open.leaf.begin;
    const std::span rows = std::span(rows_).subspan(open.leaf.begin, count);
    const std::size_t wanted = rules_.split_features == 0 ? drawn_.size() : rules_.split_features;
    if (rules_.split_features != 0) random_.shuffle(drawn_);
    std::vector<RowSums> sums(kBinCodes);
    for (std::size_t tried = 0; tried < drawn_.size(); ++tried) {
        if (tried >= wanted && open.split.gain > 0.0) break;
        std::ranges::fill(sums, RowSums{});
        add_rows(table_, drawn_[tried], rows, std::span(leaf_pulls_).first(count),
                 weights_.empty() ? std::span<double>() : std::span(leaf_weights_).first(count),
                 sums);
        improve_split(table_, drawn_[tried], sums, open.total, rules_.split, open.split);
    }
}

// Rows that go left come first, in their order; the place of the first that goes right.
std::size_t TreeGrowth::part_rows(const Open& open) {
    const std::uint8_t* codes = table_.codes(open.split.feature).data();
    right_rows_.clear();
    std::size_t left = open.leaf.begin;
    for (std::size_t i = open.leaf.begin; i < open.leaf.end; ++i) {
        const std::uint32_t row = rows_[i];
        const bool is_left =
            codes[row] == kMissingBin ? open.split.is_missing_left : codes[row] <= open.split.code;
        if (is_left)
            rows_[left++] = row;
        else
            right_rows_.push_back(row);
    }
    std::ranges::copy(right_rows_, rows_.begin() + static_cast<std::ptrdiff_t>(left));
    return left;
}

// To the leaves that may be split, or to those that stay.
void TreeGrowth::place(Open open) {
    if (open.split.gain <= 0.0) {
        leaves_.push_back(open.leaf);
        return;
    }
    open_.push_back(std::move(open));
    std::ranges::push_heap(open_, gains_less<Open>);
}

void TreeGrowth::find_children(Open& parent, Open& left, Open& right) {
    if (!keeps_sums_) {
        if (may_split(left)) find_drawn_split(left);
        if (may_split(right)) find_drawn_split(right);
        return;
    }
    Open& smaller = left.total.rows <= right.total.rows ? left : right;
    Open& larger = left.total.rows <= right.total.rows ? right : left;
    if (!may_split(larger)) return; // nor is the smaller
    read_sums(smaller);
    larger.sums = std::move(parent.sums);
    for (std::size_t i = 0; i < larger.sums.size(); ++i) larger.sums[i] -= smaller.sums[i];
    if (may_split(smaller)) find_split(smaller);
    find_split(larger);
}

void TreeGrowth::split(Open open) {
    const Split& chosen = open.split;
    gains_[chosen.feature] += chosen.gain;
    const std::size_t middle = part_rows(open);
    const auto first = static_cast<std::uint32_t>(tree_.nodes.size());
    TreeNode& node = tree_.nodes[open.leaf.node];
    node.feature = chosen.feature;
    const std::span<const double> thresholds = table_.thresholds(chosen.feature);
    // Past the last threshold every value that is there goes left.
    node.threshold = chosen.code < thresholds.size() ? thresholds[chosen.code]
                                                     : std::numeric_limits<double>::max();
    node.is_missing_left = chosen.is_missing_left;
    node.left = first;
    node.right = first + 1;

    Open left{{first, open.leaf.begin, middle}, open.depth + 1, chosen.left, {}, {}};
    Open right{{first + 1, middle, open.leaf.end}, open.depth + 1, open.total, {}, {}};
    right.total -= chosen.left;
    for (const Open* child : {&left, &right})
        tree_.nodes.push_back({.value = value_of(child->total)});
    find_children(open, left, right);
    place(std::move(left));
    place(std::move(right));
}

Tree TreeGrowth::grow() {
    Open root{{0, 0, rows_.size()}, 0, {}, {}, {}};
    for (const std::uint32_t row : rows_)
        root.total += {pulls_[row], weights_.empty() ? 1.0 : weights_[row], 1};
    tree_.nodes.push_back({.value = value_of(root.total)});
    if (may_split(root)) {
        if (keeps_sums_) {
            read_sums(root);
            find_split(root);
        } else {
            find_drawn_split(root);
        }
    }
    place(std::move(root));
    while (!open_.empty() && leaves_.size() + open_.size() < rules_.leaves_max) {
        std::ranges::pop_heap(open_, gains_less<Open>);
        Open best = std::move(open_.back());
        open_.pop_back();
        split(std::move(best));
    }
    for (const Open& open : open_) leaves_.push_back(open.leaf);
    return std::move(tree_);
}

} // namespace holdfast::ml
