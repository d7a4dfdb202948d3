#include <holdfast/ml/training/random.hpp>

#include <bit>
#include <cassert>
#include <utility>

namespace holdfast::ml {

Random::Random(std::uint64_t seed) noexcept {
    for (std::uint64_t& word : state_) {
        seed += 0x9e3779b97f4a7c15ULL;
        std::uint64_t mixed = (seed ^ (seed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
        word = mixed ^ (mixed >> 31U);
    }
}

std::uint64_t Random::next() noexcept {
    const std::uint64_t out = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return out;
}

std::size_t Random::below(std::size_t bound) noexcept {
    assert(bound > 0);
    // The last 2^64 mod bound values would favour small results: drawn again.
    const std::uint64_t refused = (0 - std::uint64_t{bound}) % bound;
    std::uint64_t drawn = next();
    while (drawn < refused) drawn = next();
    return static_cast<std::size_t>(drawn % bound);
}

double Random::uniform() noexcept {
    return static_cast<double>(next() >> 11U) * 0x1.0p-53;
}

void Random::shuffle(std::span<std::size_t> values) noexcept {
    for (std::size_t left = values.size(); left > 1; --left)
        std::swap(values[left - 1], values[below(left)]);
}

} // namespace holdfast::ml
