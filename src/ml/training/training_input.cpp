#include "ml/training/training_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace holdfast::ml {
namespace {

// No sensor gives more; beyond, sums of squares overflow and a fit would not be finite.
constexpr double kValueMax = 1e100;

bool is_usable(double value) {
    return std::abs(value) <= kValueMax; // NaN is not
}

const char* fault(double value) {
    return std::isnan(value) ? "missing" : "beyond 1e100";
}

} // namespace

Result<void> check_features(const Table& x, Missing missing) {
    if (x.rows() == 0 || x.columns() == 0)
        return fail(Errc::malformed, fmt::format("nothing to train on: {} rows of {} features",
                                                 x.rows(), x.columns()));
    if (x.columns() > kFeaturesMax)
        return fail(Errc::malformed,
                    fmt::format("{} features, at most {}", x.columns(), kFeaturesMax));
    for (std::size_t column = 0; column < x.columns(); ++column) {
        const std::span<const double> values = x.column(column);
        for (std::size_t row = 0; row < values.size(); ++row) {
            if (is_usable(values[row])) continue;
            if (missing == Missing::allowed && std::isnan(values[row])) continue;
            return fail(Errc::malformed,
                        fmt::format("feature {} of row {} is {}", column, row, fault(values[row])));
        }
    }
    return ok();
}

Result<void> check_targets(const Table& x, std::span<const double> y) {
    if (y.size() != x.rows())
        return fail(Errc::malformed, fmt::format("{} targets for {} rows", y.size(), x.rows()));
    const auto wrong = std::find_if_not(y.begin(), y.end(), is_usable);
    if (wrong != y.end())
        return fail(Errc::malformed,
                    fmt::format("the target of row {} is {}", wrong - y.begin(), fault(*wrong)));
    return ok();
}

Result<void> check_classes(std::span<const double> labels) {
    const auto wrong = std::find_if_not(labels.begin(), labels.end(),
                                        [](double v) { return v == 0.0 || v == 1.0; });
    if (wrong != labels.end())
        return fail(Errc::malformed, fmt::format("the label of row {} is {}, not 0 or 1",
                                                 wrong - labels.begin(), *wrong));
    const auto ones = std::count(labels.begin(), labels.end(), 1.0);
    if (ones == 0 || static_cast<std::size_t>(ones) == labels.size())
        return fail(Errc::malformed, fmt::format("all {} labels are {}: nothing to tell apart",
                                                 labels.size(), ones == 0 ? 0 : 1));
    return ok();
}

Result<void> check_labels(const Table& x, std::span<const double> y) {
    HF_TRY(check_targets(x, y));
    return check_classes(y);
}

} // namespace holdfast::ml
