#include <holdfast/ml/training/random_forest.hpp>

#include "ml/training/tree_input.hpp"

#include <algorithm>
#include <cmath>

namespace holdfast::ml {
namespace {

std::size_t split_features(const RandomForestSettings& settings, std::size_t features) {
    if (settings.split_features != 0) return settings.split_features;
    if (settings.goal == Goal::value) return std::max<std::size_t>(features / 3, 1);
    return static_cast<std::size_t>(std::sqrt(static_cast<double>(features)));
}

// Rows drawn with replacement: how often each was, and those that were at all.
struct Drawn {
    std::vector<double> weights;
    std::vector<std::uint32_t> rows;
};

Drawn draw_rows(std::size_t rows, Random& random) {
    Drawn out;
    out.weights.assign(rows, 0.0);
    for (std::size_t i = 0; i < rows; ++i) out.weights[random.below(rows)] += 1.0;
    for (std::size_t row = 0; row < rows; ++row)
        if (out.weights[row] > 0.0) out.rows.push_back(static_cast<std::uint32_t>(row));
    return out;
}

} // namespace

Result<TreeEnsemble> fit_random_forest(const Table& x, std::span<const double> y,
                                       const RandomForestSettings& settings,
                                       const RunControl& control) {
    HF_TRY(check_tree_input(x, y, settings.goal, settings.bounds));
    HF_TRY(check_trees(settings.trees, x.rows(), settings.bounds));
    HF_TRY(check_setting("split_features", settings.split_features, 0, x.columns()));
    const BinnedTable table(x);
    const double mean = mean_of(y);
    const auto count = static_cast<double>(settings.trees);
    GrowthRules rules = growth_rules(settings.bounds);
    rules.split_features = split_features(settings, x.columns());
    Random random(settings.seed);
    std::vector<Tree> trees;
    std::vector<double> importance(x.columns(), 0.0);
    std::vector<double> pulls(x.rows());
    for (std::size_t made = 0; made < settings.trees; ++made) {
        HF_TRY(control.step(static_cast<double>(made) / count));
        Drawn drawn = draw_rows(x.rows(), random);
        double squares = 0.0;
        for (const std::uint32_t row : drawn.rows) {
            pulls[row] = drawn.weights[row] * (y[row] - mean);
            squares += pulls[row] * (y[row] - mean);
        }
        rules.split.gain_min = kGainPartMin * squares;
        TreeGrowth growth(table, rules, pulls, drawn.weights, std::move(drawn.rows), random);
        Tree& tree = trees.emplace_back(growth.grow());
        for (TreeNode& node : tree.nodes) node.value /= count; // the sum is the mean then
        const std::vector<double> parts = parts_of(growth.gains());
        for (std::size_t i = 0; i < parts.size(); ++i) importance[i] += parts[i];
    }
    HF_TRY(control.step(1.0));
    using Link = TreeEnsemble::Link;
    return TreeEnsemble(settings.goal == Goal::label ? Link::probability : Link::identity, mean,
                        std::move(trees), parts_of(importance));
}

} // namespace holdfast::ml
