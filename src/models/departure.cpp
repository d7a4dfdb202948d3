#include "models/departure.hpp"

#include <algorithm>

namespace holdfast::models {
namespace {

using alarms::Severity;

constexpr double kRunPart = 0.75;
constexpr double kStrong = 3.0;
constexpr double kVeryStrong = 9.0;
constexpr std::int64_t kLastsMs = 3'600'000;

constexpr std::uint8_t kAlarmed = 1;
constexpr std::uint8_t kInRun = 2;

// Whether there is more than so many times the evidence of the threshold, without dividing by 0.
bool exceeds(double score, double threshold, double times) noexcept {
    return score * (1.0 - threshold) > times * threshold * (1.0 - score);
}

} // namespace

Severity severity_of(double score, double threshold, std::int64_t lasted_ms) noexcept {
    int steps = 0;
    if (exceeds(score, threshold, kStrong)) ++steps;
    if (exceeds(score, threshold, kVeryStrong)) ++steps;
    if (lasted_ms >= kLastsMs) ++steps;
    if (steps == 0) return Severity::minor;
    return steps == 1 ? Severity::major : Severity::critical;
}

void Departure::follow(std::int64_t event_ms, double score, double threshold) noexcept {
    if (score < kRunPart * threshold)
        run_ms_.reset();
    else if (!run_ms_)
        run_ms_ = event_ms;
}

// Where a device's clock was set back in the run, the alarm began no later than it was raised.
void Departure::raise(std::int64_t event_ms, double score, double threshold) noexcept {
    is_alarmed_ = true;
    since_ms_ = std::min(run_ms_.value_or(event_ms), event_ms);
    severity_ = severity_of(score, threshold, event_ms - since_ms_);
}

bool Departure::worsen(std::int64_t event_ms, double score, double threshold) noexcept {
    if (!is_alarmed_ || score < threshold) return false;
    const Severity severity = severity_of(score, threshold, event_ms - since_ms_);
    if (severity <= severity_) return false;
    severity_ = severity;
    return true;
}

// What still goes on is part of what was cleared, not of what is raised next.
void Departure::clear() noexcept {
    is_alarmed_ = false;
    run_ms_.reset();
}

void Departure::save(ByteWriter& out) const {
    out.u8(static_cast<std::uint8_t>((is_alarmed_ ? kAlarmed : 0) | (run_ms_ ? kInRun : 0)));
    out.u8(static_cast<std::uint8_t>(severity_));
    out.u64_be(static_cast<std::uint64_t>(since_ms_));
    out.u64_be(static_cast<std::uint64_t>(run_ms_.value_or(0)));
}

Result<Departure> Departure::read(ByteReader& in) {
    HF_TRY(const auto flags, in.u8());
    HF_TRY(const auto severity, in.u8());
    HF_TRY(const auto since_ms, in.u64_be());
    HF_TRY(const auto run_ms, in.u64_be());
    if (flags > (kAlarmed | kInRun) || severity > static_cast<std::uint8_t>(Severity::critical))
        return fail(Errc::corrupt, "the departure of a device");
    Departure out;
    out.is_alarmed_ = (flags & kAlarmed) != 0;
    out.severity_ = static_cast<Severity>(severity);
    out.since_ms_ = static_cast<std::int64_t>(since_ms);
    if ((flags & kInRun) != 0) out.run_ms_ = static_cast<std::int64_t>(run_ms);
    return out;
}

} // namespace holdfast::models
