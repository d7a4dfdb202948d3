#include <load/histogram.hpp>

#include <algorithm>
#include <cmath>

namespace holdfast::load {

void Histogram::merge(const Histogram& other) noexcept {
    for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
}

std::uint64_t Histogram::upper_bound_of(std::size_t bucket) noexcept {
    constexpr std::size_t kLinear = std::size_t{2} << kSubBits;
    if (bucket < kLinear) return bucket;
    const std::size_t shift = (bucket >> kSubBits) - 1;
    const std::uint64_t mantissa = bucket - (shift << kSubBits);
    return ((mantissa + 1) << shift) - 1;
}

std::uint64_t Histogram::at_quantile_ns(double quantile) const noexcept {
    if (count_ == 0) return 0;
    const double exact = std::ceil(std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count_));
    const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(exact));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
        seen += counts_[i];
        if (seen >= wanted) return std::min(upper_bound_of(i), max_ns_);
    }
    return max_ns_;
}

} // namespace holdfast::load
