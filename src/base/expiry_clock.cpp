#include <holdfast/base/expiry_clock.hpp>

#include <holdfast/base/log_line.hpp>

namespace holdfast {

std::int64_t ExpiryClock::monotonic_ms() const noexcept {
    return clock_.monotonic_ms();
}

std::int64_t ExpiryClock::now_ms() const noexcept {
    const std::lock_guard lock(mutex_);
    const std::int64_t now = clock_.now_ms();
    const std::int64_t monotonic = clock_.monotonic_ms();
    if (!last_) last_ = {now, monotonic};
    const std::int64_t expected = last_->trusted_ms + (monotonic - last_->monotonic_ms);
    std::int64_t trusted = now;
    if (now > expected + kJumpMs) {
        if (!held_since_ms_) {
            held_since_ms_ = monotonic;
            log_warn("clock",
                     "the system's clock is {} s ahead of the time that passed: nothing "
                     "expires by it for a day, or until it is set back",
                     (now - expected) / 1000);
        }
        if (monotonic - *held_since_ms_ < kHoldMs) trusted = expected;
    }
    if (trusted == now && held_since_ms_) {
        log_warn("clock", "expiry goes by the system's clock again");
        held_since_ms_.reset();
    }
    last_ = {trusted, monotonic};
    return trusted;
}

} // namespace holdfast
