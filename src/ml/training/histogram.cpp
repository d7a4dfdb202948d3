#include "ml/training/histogram.hpp"

namespace holdfast::ml {
namespace {

double worth(const RowSums& sums, double l2) {
    const double weight = sums.weight + l2;
    return weight > 0.0 ? sums.pull * sums.pull / weight : 0.0;
}

} // namespace

void add_rows(const BinnedTable& table, std::size_t feature, std::span<const std::uint32_t> rows,
              std::span<const double> pulls, std::span<const double> weights, Histogram to) {
    const std::uint8_t* codes = table.codes(feature).data();
    RowSums* sums = to.data();
    if (weights.empty()) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            RowSums& bin = sums[codes[rows[i]]];
            bin.pull += pulls[i];
            ++bin.rows;
        }
        for (RowSums& bin : to) bin.weight = static_cast<double>(bin.rows);
        return;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        RowSums& bin = sums[codes[rows[i]]];
        bin.pull += pulls[i];
        bin.weight += weights[i];
        ++bin.rows;
    }
}

void improve_split(const BinnedTable& table, std::size_t feature, std::span<const RowSums> sums,
                   const RowSums& total, const SplitRules& rules, Split& best) {
    const RowSums& missing = sums[kMissingBin];
    const std::size_t bins = table.thresholds(feature).size() + 1;
    const double whole = worth(total, rules.l2);
    const auto consider = [&](RowSums left, std::size_t code, bool is_missing_left) {
        RowSums right = total;
        right -= left;
        if (left.rows < rules.leaf_rows_min || right.rows < rules.leaf_rows_min ||
            left.weight < rules.leaf_weight_min || right.weight < rules.leaf_weight_min)
            return;
        const double gain = worth(left, rules.l2) + worth(right, rules.l2) - whole;
        if (gain <= best.gain || gain <= rules.gain_min) return;
        // What was not seen to be missing here goes where most rows go.
        const bool is_left = missing.rows > 0 ? is_missing_left : left.rows >= right.rows;
        best = {gain, static_cast<std::uint32_t>(feature), static_cast<std::uint8_t>(code), is_left,
                left};
    };
    RowSums left;
    for (std::size_t code = 0; code < bins; ++code) {
        if (sums[code].rows == 0) continue; // parts the same rows as the code before
        left += sums[code];
        consider(left, code, false);
        if (missing.rows == 0) continue;
        RowSums with_missing = left;
        with_missing += missing;
        consider(with_missing, code, true);
    }
}

} // namespace holdfast::ml
