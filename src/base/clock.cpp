#include <holdfast/base/clock.hpp>

#include <chrono>

namespace holdfast {
namespace {

template <class SourceClock>
std::int64_t milliseconds() noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               SourceClock::now().time_since_epoch())
        .count();
}

} // namespace

std::int64_t SystemClock::now_ms() const noexcept {
    return milliseconds<std::chrono::system_clock>();
}
std::int64_t SystemClock::monotonic_ms() const noexcept {
    return milliseconds<std::chrono::steady_clock>();
}

} // namespace holdfast
