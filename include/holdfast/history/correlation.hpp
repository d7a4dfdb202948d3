#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace holdfast::history {

// A field of a device, resampled: the mean of each bucket that has one, by time.
struct MeanSeries {
    std::vector<std::int64_t> start_us; // rising
    std::vector<double> mean;           // finite
};

struct Correlation {
    std::size_t n = 0;       // buckets that both have
    std::optional<double> r; // -1 to 1; nothing below two buckets, or where one does not change
};

// Pearson's product-moment correlation over the buckets that both series have. Two passes, so that
// large means with small changes lose no digits. Cost: O(of both lengths).
//
// Source: Pearson, Proceedings of the Royal Society 58, 1895, pages 240 to 242; two passes: Chan,
// Golub and LeVeque, The American Statistician 37(3), 1983.
[[nodiscard]] Correlation correlate(const MeanSeries& left, const MeanSeries& right);

} // namespace holdfast::history
