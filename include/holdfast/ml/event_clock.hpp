#pragma once

#include <cstdint>

namespace holdfast::ml {

// The newest event time of one device: what a detector takes as now. Times are those that RFC 3339
// can write, 0001-01-01 to 9999-12-31, in epoch milliseconds UTC; others count as the nearest.
struct EventClock {
    static constexpr std::int64_t kMinMs = -62'135'596'800'000;
    static constexpr std::int64_t kMaxMs = 253'402'300'799'999;
    // So many samples in a row, each more than a day behind the newest time, and it was the newest
    // that was wrong: a clock that once stood in the future must not stop its detector.
    static constexpr std::uint8_t kBehindMax = 3;

    std::int64_t first_ms = 0;
    std::int64_t now_ms = 0;
    std::uint8_t behind = 0;

    // Takes the first sample's time.
    void start(std::int64_t event_ms);
    // Time never goes back for a late sample. True where it did, since now was wrong.
    bool move(std::int64_t event_ms);
    // Days since 1970 and the minute of the day, UTC.
    [[nodiscard]] std::int32_t day() const;
    [[nodiscard]] std::int32_t minute() const;
    // False for times that no sample can have made.
    [[nodiscard]] bool is_sound() const;
};

} // namespace holdfast::ml
