#include "rules/device_clock.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::rules {

bool DeviceClock::observe(std::int64_t ts_us, std::int64_t now_us, std::int64_t record_us,
                          std::int64_t jitter_us) {
    assert(record_us >= now_us);
    // Before the record counts: whether other devices or ticks moved the partition's time while
    // this one was silent, or its own record does, must make no difference.
    pass(now_us, jitter_us);
    arrival_us = record_us;
    const bool is_behind = watermark_us != kNever && ts_us < watermark_us - kBehindUs;
    if (!is_behind) {
        behind = 0;
        behind_us = kNever;
        greatest_us = std::max(greatest_us, ts_us);
        watermark_us = std::max(watermark_us, greatest_us - jitter_us);
        return false;
    }
    behind_us = std::max(behind_us, ts_us);
    if (++behind < kBehindMax) return false;
    greatest_us = behind_us;
    watermark_us = greatest_us - jitter_us;
    behind = 0;
    behind_us = kNever;
    return true;
}

void DeviceClock::pass(std::int64_t now_us, std::int64_t jitter_us) {
    if (greatest_us == kNever) return;
    const std::int64_t silent_us = now_us - arrival_us;
    if (silent_us < kIdleUs) return;
    watermark_us = std::max(watermark_us, greatest_us + silent_us - kIdleUs - jitter_us);
}

void ArrivalClock::observe(std::int64_t arrival_us, bool is_tick) noexcept {
    const std::int64_t unconfirmed_us = std::exchange(unconfirmed_us_, 0);
    if (is_tick) {
        if (arrival_us < latest_us_ - kJumpUs) latest_us_ = arrival_us;
        advance_to(arrival_us);
        return;
    }
    if (unconfirmed_us != 0 && arrival_us >= unconfirmed_us - kJumpUs) advance_to(unconfirmed_us);
    if (latest_us_ != 0 && arrival_us > latest_us_ + kJumpUs) {
        unconfirmed_us_ = arrival_us;
    } else {
        advance_to(arrival_us);
    }
}

void ArrivalClock::advance_to(std::int64_t arrival_us) noexcept {
    if (arrival_us <= latest_us_) return; // shards append side by side: arrivals jitter
    now_us_ += arrival_us - latest_us_;
    latest_us_ = arrival_us;
}

void ArrivalClock::restore(std::int64_t now_us, std::int64_t latest_us,
                           std::int64_t unconfirmed_us) noexcept {
    now_us_ = now_us;
    latest_us_ = latest_us;
    unconfirmed_us_ = unconfirmed_us;
}

std::int64_t DeviceClock::due_us(std::int64_t until_us, std::int64_t jitter_us) const {
    assert(greatest_us != kNever);
    return arrival_us + kIdleUs + std::max<std::int64_t>(0, until_us + jitter_us - greatest_us);
}

} // namespace holdfast::rules
