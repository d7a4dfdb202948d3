#include "ml/training/tree_input.hpp"

#include "ml/training/training_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace holdfast::ml {
namespace {

// 640 MB in memory, some 240 MB in a model file.
constexpr std::size_t kNodesMax = 16U << 20U;

} // namespace

Result<void> check_setting(const char* name, std::size_t value, std::size_t low, std::size_t high) {
    if (value >= low && value <= high) return ok();
    return fail(Errc::malformed,
                fmt::format("{} of {} is not from {} to {}", name, value, low, high));
}

Result<void> check_tree_input(const Table& x, std::span<const double> y, Goal goal,
                              const TreeBounds& bounds) {
    HF_TRY(check_setting("leaves_max", bounds.leaves_max, 2, 65'536));
    HF_TRY(check_setting("depth_max", bounds.depth_max, 1, 64));
    HF_TRY(check_setting("leaf_rows_min", bounds.leaf_rows_min, 1, 1'000'000));
    HF_TRY(check_features(x, Missing::allowed));
    HF_TRY(check_setting("the number of rows", x.rows(), 1, std::size_t{1} << 31U));
    return goal == Goal::label ? check_labels(x, y) : check_targets(x, y);
}

Result<void> check_trees(std::size_t trees, std::size_t rows, const TreeBounds& bounds) {
    HF_TRY(check_setting("trees", trees, 1, 10'000));
    const std::size_t leaves = std::min(bounds.leaves_max, rows / bounds.leaf_rows_min + 1);
    if (2 * trees * leaves <= kNodesMax) return ok();
    return fail(Errc::malformed,
                fmt::format("{} trees of up to {} leaves may have more than {} nodes: fewer trees, "
                            "leaves_max lower or leaf_rows_min higher",
                            trees, leaves, kNodesMax));
}

GrowthRules growth_rules(const TreeBounds& bounds) {
    GrowthRules out;
    out.leaves_max = bounds.leaves_max;
    out.depth_max = bounds.depth_max;
    out.split.leaf_rows_min = static_cast<std::uint32_t>(bounds.leaf_rows_min);
    return out;
}

double mean_of(std::span<const double> values) {
    const auto n = static_cast<double>(values.size());
    return std::accumulate(values.begin(), values.end(), 0.0,
                           [n](double sum, double value) { return sum + value / n; });
}

std::vector<std::uint32_t> all_rows(std::size_t rows) {
    std::vector<std::uint32_t> out(rows);
    std::iota(out.begin(), out.end(), 0U);
    return out;
}

std::vector<double> parts_of(std::span<const double> gains) {
    const double total = std::accumulate(gains.begin(), gains.end(), 0.0);
    std::vector<double> out(gains.size(), 0.0);
    if (total > 0.0)
        std::ranges::transform(gains, out.begin(), [total](double gain) { return gain / total; });
    return out;
}

} // namespace holdfast::ml
