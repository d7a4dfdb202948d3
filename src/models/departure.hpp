#pragma once

#include <holdfast/alarms/severity.hpp>
#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>

#include <cstdint>
#include <optional>

namespace holdfast::models {

// How bad an alarm is by what speaks for it. With evidence = score / (1 - score), in which most
// detectors count, one step up from minor where it is more than three times that of the threshold,
// two where it is more than nine times; and one where the departure has lasted for an hour.
[[nodiscard]] alarms::Severity severity_of(double score, double threshold,
                                           std::int64_t lasted_ms) noexcept;

// How one device departs from normal: since when, and how bad that has become. The same samples
// give the same, so it is part of the device's stored state.
class Departure {
public:
    // Of every sample, before what it changes. A run of samples whose score is three quarters of
    // the threshold, or more, is what an alarm that is raised in it has begun with.
    void follow(std::int64_t event_ms, double score, double threshold) noexcept;

    // An alarm is raised with the sample that was followed last: it began with the run.
    void raise(std::int64_t event_ms, double score, double threshold) noexcept;
    // Whether that sample makes the alarm worse than it was: at the threshold, or above it.
    [[nodiscard]] bool worsen(std::int64_t event_ms, double score, double threshold) noexcept;
    void clear() noexcept;

    [[nodiscard]] std::int64_t since_ms() const noexcept { return since_ms_; } // of the last raise
    [[nodiscard]] alarms::Severity severity() const noexcept { return severity_; } // likewise

    void save(ByteWriter& out) const; // docs/format/models.md
    [[nodiscard]] static Result<Departure> read(ByteReader& in);

    friend bool operator==(const Departure&, const Departure&) = default;

private:
    std::optional<std::int64_t> run_ms_; // when the present run began
    std::int64_t since_ms_ = 0;
    alarms::Severity severity_ = alarms::Severity::minor;
    bool is_alarmed_ = false;
};

} // namespace holdfast::models
