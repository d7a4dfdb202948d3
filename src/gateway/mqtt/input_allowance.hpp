#pragma once

#include <holdfast/base/token_bucket.hpp>
#include <holdfast/gateway/mqtt/input_limits.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace holdfast::gateway {

// What one client may still send. It is kept by reading a little at a time, and by not reading
// while more has come than may: nothing is lost, the client's socket fills. One thread.
class InputAllowance {
public:
    using Time = TokenBucket::Time;

    InputAllowance(const InputLimits& limits, Time now);

    // What has been read.
    void take(std::uint64_t messages, std::size_t bytes, Time now);
    // How long nothing is to be read; 0: not at all.
    [[nodiscard]] std::chrono::microseconds wait(Time now);
    // To be read at once: so little that a client that always sends comes no more than a fraction
    // of a second ahead, with messages of usual size.
    [[nodiscard]] std::size_t bytes_at_once() const noexcept { return bytes_at_once_; }

private:
    std::optional<TokenBucket> messages_;
    std::optional<TokenBucket> bytes_;
    std::size_t bytes_at_once_;
};

} // namespace holdfast::gateway
