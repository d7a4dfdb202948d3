#pragma once

#include <cstdint>

namespace holdfast {

// Where wall-clock time comes from. Passed in, so that tests and replays own the time.
// now_ms() is epoch milliseconds UTC, monotonic_ms() never goes back; both are thread-safe.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual std::int64_t now_ms() const noexcept = 0;
    [[nodiscard]] virtual std::int64_t monotonic_ms() const noexcept = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] std::int64_t now_ms() const noexcept override;
    [[nodiscard]] std::int64_t monotonic_ms() const noexcept override;
};

// A clock that stands still until told. For tests and dry runs; one thread at a time.
class ManualClock final : public Clock {
public:
    explicit ManualClock(std::int64_t start_ms = 1'700'000'000'000) : now_ms_(start_ms) {}
    [[nodiscard]] std::int64_t now_ms() const noexcept override { return now_ms_; }
    [[nodiscard]] std::int64_t monotonic_ms() const noexcept override { return now_ms_; }
    void advance_ms(std::int64_t by) noexcept { now_ms_ += by; }

private:
    std::int64_t now_ms_;
};

} // namespace holdfast
