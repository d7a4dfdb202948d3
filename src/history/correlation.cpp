#include <holdfast/history/correlation.hpp>

#include <algorithm>
#include <cmath>

namespace holdfast::history {
namespace {

// `each(x, y)` for the buckets that both have.
template <class Each>
void for_common(const MeanSeries& left, const MeanSeries& right, const Each& each) {
    for (std::size_t i = 0, j = 0; i < left.mean.size() && j < right.mean.size();) {
        if (left.start_us[i] < right.start_us[j]) {
            ++i;
        } else if (right.start_us[j] < left.start_us[i]) {
            ++j;
        } else {
            each(left.mean[i++], right.mean[j++]);
        }
    }
}

// What is left of a sum of squares where nothing changes is the rounding of the mean.
bool changes(double squares, double mean, double n) noexcept {
    constexpr double kRounding = 1e-15;
    const double rounding = mean * kRounding;
    return squares > n * n * rounding * rounding;
}

} // namespace

Correlation correlate(const MeanSeries& left, const MeanSeries& right) {
    Correlation out;
    double x_sum = 0;
    double y_sum = 0;
    for_common(left, right, [&](double x, double y) {
        ++out.n;
        x_sum += x;
        y_sum += y;
    });
    if (out.n < 2) return out;
    const auto n = static_cast<double>(out.n);
    const double x_mean = x_sum / n;
    const double y_mean = y_sum / n;
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for_common(left, right, [&](double x, double y) {
        xx += (x - x_mean) * (x - x_mean);
        yy += (y - y_mean) * (y - y_mean);
        xy += (x - x_mean) * (y - y_mean);
    });
    if (!changes(xx, x_mean, n) || !changes(yy, y_mean, n)) return out;
    const double r = xy / (std::sqrt(xx) * std::sqrt(yy));
    if (std::isfinite(r)) out.r = std::clamp(r, -1.0, 1.0);
    return out;
}

} // namespace holdfast::history
