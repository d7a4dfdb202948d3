#include "gateway/mqtt/input_allowance.hpp"

#include <algorithm>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kReadBytesMax = 256 * 1024;
constexpr std::size_t kReadBytesMin = 1024;
constexpr std::size_t kMessageBytes = 64; // with topic: short ones, as sensors send
constexpr std::uint64_t kReadsPerSecond = 8;

std::size_t at_once(const InputLimits& limits) {
    std::uint64_t bytes = kReadBytesMax;
    if (limits.messages_per_s != 0)
        bytes = std::min(bytes, limits.messages_per_s * kMessageBytes / kReadsPerSecond);
    if (limits.bytes_per_s != 0) bytes = std::min(bytes, limits.bytes_per_s / kReadsPerSecond);
    return std::max<std::size_t>(bytes, kReadBytesMin);
}

} // namespace

InputAllowance::InputAllowance(const InputLimits& limits, Time now)
    : bytes_at_once_(at_once(limits)) {
    if (limits.messages_per_s != 0)
        messages_.emplace(static_cast<double>(limits.messages_per_s), now);
    if (limits.bytes_per_s != 0) bytes_.emplace(static_cast<double>(limits.bytes_per_s), now);
}

void InputAllowance::take(std::uint64_t messages, std::size_t bytes, Time now) {
    if (messages_) messages_->take(static_cast<double>(messages), now);
    if (bytes_) bytes_->take(static_cast<double>(bytes), now);
}

std::chrono::microseconds InputAllowance::wait(Time now) {
    std::chrono::microseconds longest(0);
    if (messages_) longest = std::max(longest, messages_->wait(now));
    if (bytes_) longest = std::max(longest, bytes_->wait(now));
    return longest;
}

} // namespace holdfast::gateway
