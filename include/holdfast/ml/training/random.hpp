#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::ml {

// Random numbers that are the same on every platform for a seed, which the distributions of the
// standard library are not. xoshiro256**, its state filled by splitmix64.
//
// Source: Blackman and Vigna, ACM Transactions on Mathematical Software 47(4), 2021; for splitmix64
// Steele, Lea and Flood, OOPSLA 2014. Not for secrets. One thread.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept;

    // All 64 bits.
    std::uint64_t next() noexcept;
    // 0 .. bound - 1, each as likely. `bound` > 0: asserted.
    std::size_t below(std::size_t bound) noexcept;
    // [0, 1), in steps of 2^-53.
    double uniform() noexcept;

    // Every order is as likely (Fisher and Yates).
    void shuffle(std::span<std::size_t> values) noexcept;

private:
    std::array<std::uint64_t, 4> state_{};
};

} // namespace holdfast::ml
