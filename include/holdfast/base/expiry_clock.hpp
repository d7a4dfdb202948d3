#pragma once

#include <holdfast/base/clock.hpp>

#include <cstdint>
#include <mutex>
#include <optional>

namespace holdfast {

// Wall-clock time for throwing things away. Where the clock jumps ahead of the time that really
// passed, this one goes on as before the jump for a day: what is young must not expire because a
// battery failed or a time server erred, and somebody can set the clock right meanwhile. It follows
// a clock that goes back at once. Thread-safe.
class ExpiryClock final : public Clock {
public:
    static constexpr std::int64_t kJumpMs = 3'600'000;
    static constexpr std::int64_t kHoldMs = 86'400'000;

    explicit ExpiryClock(const Clock& clock) : clock_(clock) {}

    [[nodiscard]] std::int64_t now_ms() const noexcept override;
    [[nodiscard]] std::int64_t monotonic_ms() const noexcept override;

private:
    struct Reading {
        std::int64_t trusted_ms = 0;
        std::int64_t monotonic_ms = 0;
    };

    const Clock& clock_;
    mutable std::mutex mutex_;
    // Both guarded by mutex_.
    mutable std::optional<Reading> last_;
    mutable std::optional<std::int64_t> held_since_ms_; // monotonic
};

} // namespace holdfast
