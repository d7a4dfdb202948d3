#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace holdfast {

// How much of something there still is where `per_second` of it come and one second's worth is
// kept at most. Full at the beginning. What is taken may be more than there is: then it is owed.
// Time is the caller's, and must not go back.
class TokenBucket {
public:
    using Time = std::chrono::steady_clock::time_point;

    TokenBucket(double per_second, Time now)
        : per_second_(per_second), tokens_(most()), filled_(now) {}

    // Takes one where there is one.
    [[nodiscard]] bool try_take(Time now) {
        fill(now);
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }
    void take(double count, Time now) {
        fill(now);
        tokens_ -= count;
    }
    // How long until nothing is owed; 0: nothing is.
    [[nodiscard]] std::chrono::microseconds wait(Time now) {
        fill(now);
        if (tokens_ >= 0) return std::chrono::microseconds(0);
        constexpr double kUsPerSecond = 1e6;
        constexpr double kLongestUs = 3'600 * kUsPerSecond; // whatever was taken
        const double us = std::min(-tokens_ / per_second_ * kUsPerSecond, kLongestUs);
        return std::chrono::microseconds(static_cast<std::int64_t>(us) + 1);
    }

private:
    [[nodiscard]] double most() const { return std::max(per_second_, 1.0); }
    void fill(Time now) {
        const std::chrono::duration<double> passed = now - filled_;
        filled_ = now;
        tokens_ = std::min(most(), tokens_ + passed.count() * per_second_);
    }

    double per_second_;
    double tokens_;
    Time filled_;
};

} // namespace holdfast
