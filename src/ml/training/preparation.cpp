#include <holdfast/ml/training/preparation.hpp>

#include "ml/training/fitted_state.hpp"
#include "ml/training/standardised.hpp"
#include "ml/training/training_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <optional>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kVersion = 1;

// Of the values that are there; the mean of the middle two of an even number.
std::optional<double> median_of(std::span<const double> column) {
    std::vector<double> values;
    std::ranges::copy_if(column, std::back_inserter(values),
                         [](double v) { return !std::isnan(v); });
    if (values.empty()) return std::nullopt;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    if (values.size() % 2 == 1) return *middle;
    return std::midpoint(*std::max_element(values.begin(), middle), *middle);
}

} // namespace

double Preparation::prepared(const OfFeature& by, double value) {
    if (by.deviation == 0.0) return 0.0;
    return ((std::isnan(value) ? by.median : value) - by.mean) / by.deviation;
}

Result<Preparation> Preparation::fit(const Table& x) {
    HF_TRY(check_features(x, Missing::allowed));
    Table filled = x;
    std::vector<double> medians;
    for (std::size_t feature = 0; feature < x.columns(); ++feature) {
        const auto median = median_of(x.column(feature));
        if (!median)
            return fail(Errc::malformed,
                        fmt::format("feature {} is missing in every row", feature));
        medians.push_back(*median);
        for (double& value : filled.column(feature))
            if (std::isnan(value)) value = *median;
    }
    const Standardised by = Standardised::of(filled);
    Preparation out;
    for (std::size_t feature = 0; feature < x.columns(); ++feature)
        out.of_feature_.push_back({medians[feature], by.mean[feature], by.deviation[feature]});
    return out;
}

void Preparation::apply(std::span<double> sample) const {
    assert(sample.size() == features());
    for (std::size_t i = 0; i < sample.size(); ++i) sample[i] = prepared(of_feature_[i], sample[i]);
}

Table Preparation::apply(const Table& x) const {
    assert(x.columns() == features());
    Table out = x;
    for (std::size_t feature = 0; feature < features(); ++feature)
        for (double& value : out.column(feature)) value = prepared(of_feature_[feature], value);
    return out;
}

void Preparation::save(Bytes& out) const {
    StateWriter state(out, kVersion);
    state.u32(features());
    for (const OfFeature& by : of_feature_)
        for (const double value : {by.median, by.mean, by.deviation}) state.number(value);
}

Result<Preparation> Preparation::read(ByteView bytes) {
    StateReader state(bytes);
    HF_TRY(state.version(kVersion));
    HF_TRY(const std::size_t features, state.count(kFeaturesMax));
    Preparation out;
    for (std::size_t i = 0; i < features; ++i) {
        OfFeature by;
        HF_TRY(by.median, state.number());
        HF_TRY(by.mean, state.number());
        HF_TRY(by.deviation, state.number());
        if (by.deviation < 0.0) return StateReader::wrong();
        out.of_feature_.push_back(by);
    }
    HF_TRY(state.end());
    return out;
}

Result<Preparation> Preparation::restore(ByteView bytes) {
    Result<Preparation> out = read(bytes);
    if (!out) return fail(Errc::corrupt, "a preparation: " + out.error().context);
    return out;
}

} // namespace holdfast::ml
