#pragma once

#include <cstdint>
#include <optional>
#include <utility>

namespace holdfast {

// How many lines about the same kind of thing are logged: whoever is refused a thousand times a
// second must not fill the disk with it. Ten in ten seconds; the rest are counted. Not thread-safe;
// times are monotonic.
class LogAllowance {
public:
    static constexpr std::int64_t kPeriodMs = 10'000;

    struct Taken {
        bool may_log = false;
        std::uint64_t left_out = 0; // in the period before, where a new one begins
    };
    [[nodiscard]] Taken take(std::int64_t now_ms) noexcept {
        Taken taken;
        if (!began_ms_ || now_ms - *began_ms_ >= kPeriodMs) {
            began_ms_ = now_ms;
            logged_ = 0;
            taken.left_out = std::exchange(left_out_, 0);
        }
        taken.may_log = logged_ < kLinesPerPeriod;
        ++(taken.may_log ? logged_ : left_out_);
        return taken;
    }

private:
    static constexpr std::uint64_t kLinesPerPeriod = 10;

    std::optional<std::int64_t> began_ms_;
    std::uint64_t logged_ = 0;
    std::uint64_t left_out_ = 0;
};

} // namespace holdfast
