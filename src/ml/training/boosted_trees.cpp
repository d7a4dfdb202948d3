#include <holdfast/ml/training/boosted_trees.hpp>

#include "ml/training/tree_input.hpp"

#include <fmt/format.h>

#include <cmath>

namespace holdfast::ml {
namespace {

// Second derivatives of the log loss vanish where labels are told apart; leaves of so little
// weight would take any value.
constexpr double kLeafWeightMin = 1e-3;

// The loss that the trees descend, at the sum that they have reached for each row.
class Descent {
public:
    Descent(std::span<const double> y, Goal goal)
        : y_(y), goal_(goal), pulls_(y.size()), weights_(goal == Goal::label ? y.size() : 0) {
        const double mean = mean_of(y);
        base_ = goal == Goal::label ? std::log(mean / (1.0 - mean)) : mean;
        sums_.assign(y.size(), base_);
    }

    [[nodiscard]] double base() const { return base_; }
    [[nodiscard]] std::span<const double> pulls() const { return pulls_; }
    [[nodiscard]] std::span<const double> weights() const { return weights_; }
    // Of pulls and weights at the sums so far; what there is to explain.
    double refresh();
    void add(std::uint32_t row, double value) { sums_[row] += value; }

private:
    std::span<const double> y_;
    Goal goal_;
    double base_ = 0.0;
    std::vector<double> sums_;
    std::vector<double> pulls_;
    std::vector<double> weights_; // empty: all 1
};

double Descent::refresh() {
    double squares = 0.0;
    for (std::size_t row = 0; row < y_.size(); ++row) {
        if (goal_ == Goal::value) {
            pulls_[row] = y_[row] - sums_[row];
        } else {
            const double probability = 1.0 / (1.0 + std::exp(-sums_[row]));
            pulls_[row] = y_[row] - probability;
            weights_[row] = probability * (1.0 - probability);
        }
        squares += pulls_[row] * pulls_[row];
    }
    return squares;
}

Result<void> check(const BoostedTreesSettings& settings) {
    if (!(settings.learning_rate > 0.0 && settings.learning_rate <= 1.0))
        return fail(Errc::malformed, fmt::format("learning_rate of {} is not above 0 and up to 1",
                                                 settings.learning_rate));
    if (!(settings.l2 >= 0.0 && std::isfinite(settings.l2)))
        return fail(Errc::malformed, fmt::format("l2 of {} is not a number from 0", settings.l2));
    return ok();
}

} // namespace

Result<TreeEnsemble> fit_boosted_trees(const Table& x, std::span<const double> y,
                                       const BoostedTreesSettings& settings,
                                       const RunControl& control) {
    HF_TRY(check(settings));
    HF_TRY(check_tree_input(x, y, settings.goal, settings.bounds));
    HF_TRY(check_trees(settings.trees, x.rows(), settings.bounds));
    const BinnedTable table(x);
    GrowthRules rules = growth_rules(settings.bounds);
    rules.split.l2 = settings.l2;
    if (settings.goal == Goal::label) rules.split.leaf_weight_min = kLeafWeightMin;
    Descent descent(y, settings.goal);
    const std::vector<std::uint32_t> rows = all_rows(x.rows());
    Random unused(0);
    std::vector<Tree> trees;
    std::vector<double> gains(x.columns(), 0.0);
    for (std::size_t made = 0; made < settings.trees; ++made) {
        HF_TRY(control.step(static_cast<double>(made) / static_cast<double>(settings.trees)));
        rules.split.gain_min = kGainPartMin * descent.refresh();
        TreeGrowth growth(table, rules, descent.pulls(), descent.weights(), rows, unused);
        Tree& tree = trees.emplace_back(growth.grow());
        for (TreeNode& node : tree.nodes) node.value *= settings.learning_rate;
        for (const TreeGrowth::Leaf& leaf : growth.leaves())
            for (std::size_t i = leaf.begin; i < leaf.end; ++i)
                descent.add(growth.rows()[i], tree.nodes[leaf.node].value);
        for (std::size_t i = 0; i < gains.size(); ++i) gains[i] += growth.gains()[i];
    }
    HF_TRY(control.step(1.0));
    using Link = TreeEnsemble::Link;
    return TreeEnsemble(settings.goal == Goal::label ? Link::log_odds : Link::identity,
                        descent.base(), std::move(trees), parts_of(gains));
}

} // namespace holdfast::ml
