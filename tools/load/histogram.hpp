#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace holdfast::load {

// Counts of latencies in log-linear buckets: 64 per power of two, so a value read back is
// at most 1/64 too high. Unit: nanoseconds, 0 to 2^40 (18 minutes; more counts as that).
// Recording costs a few instructions and never allocates.
class Histogram {
public:
    void record(std::uint64_t value_ns, std::uint64_t times = 1) noexcept {
        if (value_ns > kMaxNs) value_ns = kMaxNs;
        counts_[bucket_of(value_ns)] += times;
        count_ += times;
        if (value_ns > max_ns_) max_ns_ = value_ns;
    }
    void merge(const Histogram& other) noexcept;
    void reset() noexcept { *this = Histogram(); }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t max_ns() const noexcept { return max_ns_; }
    // The smallest bucket bound that at least `quantile` (0..1) of the values do not exceed;
    // never above max_ns(). 0 when nothing was recorded.
    [[nodiscard]] std::uint64_t at_quantile_ns(double quantile) const noexcept;

    static constexpr std::uint64_t kMaxNs = std::uint64_t{1} << 40U;

private:
    static constexpr unsigned kSubBits = 6; // 64 buckets per power of two
    static constexpr std::size_t kBuckets = (41 - kSubBits + 1) << kSubBits;

    static std::size_t bucket_of(std::uint64_t value) noexcept {
        const auto width = static_cast<unsigned>(std::bit_width(value));
        if (width <= kSubBits + 1) return static_cast<std::size_t>(value);
        const unsigned shift = width - kSubBits - 1;
        return (static_cast<std::size_t>(shift) << kSubBits) +
               static_cast<std::size_t>(value >> shift);
    }
    static std::uint64_t upper_bound_of(std::size_t bucket) noexcept;

    std::array<std::uint64_t, kBuckets> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ns_ = 0;
};

} // namespace holdfast::load
