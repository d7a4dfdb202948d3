#include "ml/training/binned_table.hpp"

#include <holdfast/ml/training/random.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace holdfast::ml {
namespace {

constexpr std::size_t kSampledRowsMax = 200'000; // beyond, ranges hardly change
constexpr std::uint64_t kSampleSeed = 1;

// Between two neighbours low < high, such that low <= it < high also where doubles run out.
double between(double low, double high) {
    const double middle = std::midpoint(low, high);
    return middle < high ? middle : low;
}

std::vector<double> sorted_values(std::span<const double> column) {
    std::vector<double> out;
    const auto take = [&out](double value) {
        if (!std::isnan(value)) out.push_back(value);
    };
    if (column.size() <= kSampledRowsMax) {
        std::ranges::for_each(column, take);
    } else {
        Random random(kSampleSeed);
        for (std::size_t i = 0; i < kSampledRowsMax; ++i) take(column[random.below(column.size())]);
    }
    std::ranges::sort(out);
    return out;
}

std::vector<double> thresholds_of(std::span<const double> column) {
    const std::vector<double> values = sorted_values(column);
    std::vector<double> distinct;
    std::ranges::unique_copy(values, std::back_inserter(distinct));
    std::vector<double> out;
    if (distinct.size() <= kValueBinsMax) {
        for (std::size_t i = 1; i < distinct.size(); ++i)
            out.push_back(between(distinct[i - 1], distinct[i]));
        return out;
    }
    for (std::size_t i = 1; i < kValueBinsMax; ++i) {
        const std::size_t at = i * values.size() / kValueBinsMax;
        // Rows that are equal cannot be parted: the threshold is the next lower place.
        const auto above = std::ranges::upper_bound(distinct, values[at - 1]);
        if (above == distinct.end()) break;
        const double threshold = between(values[at - 1], *above);
        if (out.empty() || threshold > out.back()) out.push_back(threshold);
    }
    return out;
}

} // namespace

BinnedTable::BinnedTable(const Table& x) : rows_(x.rows()), codes_(x.rows() * x.columns()) {
    for (std::size_t feature = 0; feature < x.columns(); ++feature) {
        const std::span<const double> values = x.column(feature);
        const std::vector<double>& thresholds = thresholds_.emplace_back(thresholds_of(values));
        std::uint8_t* codes = codes_.data() + feature * rows_;
        for (std::size_t row = 0; row < rows_; ++row) {
            const auto at = std::ranges::lower_bound(thresholds, values[row]);
            codes[row] = std::isnan(values[row])
                             ? kMissingBin
                             : static_cast<std::uint8_t>(at - thresholds.begin());
        }
    }
}

} // namespace holdfast::ml
