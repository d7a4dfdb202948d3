#include <holdfast/ml/training/decision_tree.hpp>

#include "ml/training/tree_input.hpp"

#include <algorithm>

namespace holdfast::ml {

Result<TreeEnsemble> fit_decision_tree(const Table& x, std::span<const double> y,
                                       const DecisionTreeSettings& settings,
                                       const RunControl& control) {
    HF_TRY(check_tree_input(x, y, settings.goal, settings.bounds));
    HF_TRY(control.step(0.0));
    const BinnedTable table(x);
    // About their mean the targets' squares lose no digits to a common offset.
    const double mean = mean_of(y);
    std::vector<double> pulls(y.size());
    std::ranges::transform(y, pulls.begin(), [mean](double target) { return target - mean; });
    GrowthRules rules = growth_rules(settings.bounds);
    double squares = 0.0;
    for (const double pull : pulls) squares += pull * pull;
    rules.split.gain_min = kGainPartMin * squares;
    Random unused(0);
    TreeGrowth growth(table, rules, pulls, {}, all_rows(x.rows()), unused);
    std::vector<Tree> trees;
    trees.push_back(growth.grow());
    HF_TRY(control.step(1.0));
    using Link = TreeEnsemble::Link;
    return TreeEnsemble(settings.goal == Goal::label ? Link::probability : Link::identity, mean,
                        std::move(trees), parts_of(growth.gains()));
}

} // namespace holdfast::ml
