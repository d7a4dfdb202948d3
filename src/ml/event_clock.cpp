#include <holdfast/ml/event_clock.hpp>

#include <algorithm>

namespace holdfast::ml {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kMinuteMs = 60'000;

// Rounds down, also before 1970.
std::int64_t floor_day(std::int64_t time_ms) {
    return time_ms / kDayMs - (time_ms % kDayMs < 0 ? 1 : 0);
}

} // namespace

void EventClock::start(std::int64_t event_ms) {
    first_ms = now_ms = std::clamp(event_ms, kMinMs, kMaxMs);
    behind = 0;
}

bool EventClock::move(std::int64_t event_ms) {
    const std::int64_t time_ms = std::clamp(event_ms, kMinMs, kMaxMs);
    behind = time_ms < now_ms - kDayMs ? static_cast<std::uint8_t>(behind + 1) : 0;
    if (behind < kBehindMax) {
        now_ms = std::max(now_ms, time_ms);
        return false;
    }
    behind = 0;
    now_ms = time_ms;
    first_ms = std::min(first_ms, now_ms);
    return true;
}

std::int32_t EventClock::day() const {
    return static_cast<std::int32_t>(floor_day(now_ms));
}

std::int32_t EventClock::minute() const {
    return static_cast<std::int32_t>((now_ms - floor_day(now_ms) * kDayMs) / kMinuteMs);
}

bool EventClock::is_sound() const {
    return kMinMs <= first_ms && first_ms <= now_ms && now_ms <= kMaxMs && behind < kBehindMax;
}

} // namespace holdfast::ml
