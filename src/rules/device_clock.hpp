#pragma once

#include <cstdint>

namespace holdfast::rules {

// The event time of one device in one partition. Devices' clocks differ, and one that is wrong must
// harm its own device alone, so there is no time that they share but the partition's arrival time.
// All times in microseconds.
struct DeviceClock {
    static constexpr std::int64_t kNever = INT64_MIN;
    // So long without a record, and the device's clock goes on with arrival time.
    static constexpr std::int64_t kIdleUs = 5'000'000;
    // So many records in a row, each so far behind the watermark: the clock was set back.
    static constexpr std::int64_t kBehindUs = 600'000'000;
    static constexpr std::uint8_t kBehindMax = 3;

    std::int64_t greatest_us = kNever;  // event time
    std::int64_t watermark_us = kNever; // goes back only where the clock was set back
    std::int64_t arrival_us = 0;        // the partition's, at the device's last record
    std::int64_t behind_us = kNever;    // greatest event time of the records behind in a row
    std::uint8_t behind = 0;            // of them

    // A record at `ts_us`, at `now_us` in the partition, which arrived then or, as it says, later.
    // True where it shows that the clock was set back: the watermark starts anew.
    [[nodiscard]] bool observe(std::int64_t ts_us, std::int64_t now_us, std::int64_t record_us,
                               std::int64_t jitter_us);
    // No record: the watermark goes on where the device is idle.
    void pass(std::int64_t now_us, std::int64_t jitter_us);
    // The arrival time at which the watermark reaches `until_us` if no record comes.
    [[nodiscard]] std::int64_t due_us(std::int64_t until_us, std::int64_t jitter_us) const;
};

// How far arrival time has come in a partition; it never goes back.
//
// Records say when they arrived, but who puts records into a stream as they are chooses their time:
// old ones are no news, and one that is far ahead counts only once the next record agrees. A tick
// has the server's own time and is always right; where it lies before, the server's clock was set
// back, or was never there, and time goes on from it.
class ArrivalClock {
public:
    static constexpr std::int64_t kJumpUs = 60'000'000;

    void observe(std::int64_t arrival_us, bool is_tick) noexcept;
    [[nodiscard]] std::int64_t now_us() const noexcept { return now_us_; }
    // When the last record arrived, if it told the truth: a device that came with a jump was not
    // silent until then.
    [[nodiscard]] std::int64_t record_us() const noexcept {
        return unconfirmed_us_ == 0 ? now_us_ : now_us_ + (unconfirmed_us_ - latest_us_);
    }
    // What the records said that moved it here.
    [[nodiscard]] std::int64_t latest_us() const noexcept { return latest_us_; }
    [[nodiscard]] std::int64_t unconfirmed_us() const noexcept { return unconfirmed_us_; }
    void restore(std::int64_t now_us, std::int64_t latest_us, std::int64_t unconfirmed_us) noexcept;

private:
    void advance_to(std::int64_t arrival_us) noexcept;

    std::int64_t now_us_ = 0;
    std::int64_t latest_us_ = 0;
    std::int64_t unconfirmed_us_ = 0; // a jump that the next record has to confirm; 0: none
};

} // namespace holdfast::rules
