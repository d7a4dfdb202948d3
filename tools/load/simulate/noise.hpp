#pragma once

#include <cstdint>

namespace holdfast::load {

// Seeded noise that is the same on every machine and compiler (the distributions of <random>
// are not). SplitMix64, Steele, Lea and Flood, OOPSLA 2014.
class Noise {
public:
    explicit Noise(std::uint64_t seed) noexcept : state_(seed) {}

    [[nodiscard]] std::uint64_t next() noexcept;
    // In [low, high).
    [[nodiscard]] double uniform(double low, double high) noexcept;
    // Mean 0, standard deviation 1, never beyond 6: the sum of twelve uniforms.
    [[nodiscard]] double gauss() noexcept;

private:
    std::uint64_t state_;
};

} // namespace holdfast::load
