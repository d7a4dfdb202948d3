#include <load/simulate/noise.hpp>

namespace holdfast::load {

std::uint64_t Noise::next() noexcept {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31U);
}

double Noise::uniform(double low, double high) noexcept {
    constexpr double kTo53Bits = 1.0 / 9007199254740992.0;
    return low + (high - low) * static_cast<double>(next() >> 11U) * kTo53Bits;
}

double Noise::gauss() noexcept {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += uniform(0, 1);
    return sum;
}

} // namespace holdfast::load
