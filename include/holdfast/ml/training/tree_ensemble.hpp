#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

// What a model of trees is to tell.
enum class Goal : std::uint8_t {
    value, // a number
    label, // the probability of label 1, from labels 0 and 1
};

struct TreeNode {
    double threshold = 0.0; // a value up to it goes left
    double value = 0.0;     // of a leaf: what it adds to the sum
    std::uint32_t feature = 0;
    std::uint32_t left = 0; // places in the tree, after the node's own; 0: a leaf
    std::uint32_t right = 0;
    bool is_missing_left = false; // where a missing value goes
};

struct Tree {
    std::vector<TreeNode> nodes; // the root first

    // The value of the leaf that `sample` falls into. Cost: O(depth).
    [[nodiscard]] double leaf_value(std::span<const double> sample) const;
};

// Fitted trees whose leaf values add up: a decision tree, a random forest or boosted trees, see
// decision_tree.hpp, random_forest.hpp and boosted_trees.hpp. Immutable: any thread may predict.
class TreeEnsemble {
public:
    // How the sum becomes the prediction; the numbers reach disk.
    enum class Link : std::uint8_t {
        identity = 0,
        probability = 1, // the sum, held in [0, 1] against rounding
        log_odds = 2,    // 1 / (1 + exp(-sum))
    };

    // `importance` has a part for each feature, all not negative. Trees name features below that.
    TreeEnsemble(Link link, double base, std::vector<Tree> trees, std::vector<double> importance);

    // `sample` has a value for each feature, NaN for a missing one: size asserted.
    // Cost: O(trees x depth), no allocation.
    [[nodiscard]] double predict(std::span<const double> sample) const;

    [[nodiscard]] std::size_t features() const noexcept { return importance_.size(); }
    // Each feature's part of what all splits explained; the parts add up to 1, or are all 0 where
    // nothing was split.
    [[nodiscard]] std::span<const double> importance() const noexcept { return importance_; }
    [[nodiscard]] std::span<const Tree> trees() const noexcept { return trees_; }

    // docs/format/trained.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote.
    [[nodiscard]] static Result<TreeEnsemble> restore(ByteView bytes);

private:
    [[nodiscard]] static Result<TreeEnsemble> read(ByteView bytes);

    Link link_;
    double base_;
    std::vector<Tree> trees_;
    std::vector<double> importance_;
};

} // namespace holdfast::ml
