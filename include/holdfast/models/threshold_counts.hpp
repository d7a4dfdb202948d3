#pragma once

#include <holdfast/models/replay.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::models {

// An occurrence of the model's alarm that somebody has judged.
struct LabelledSpan {
    std::string device;
    std::int64_t from_ms = 0; // event time of the raise
    std::int64_t to_ms = 0;   // of the clear, or of as much of it as there was
    bool is_true = false;
};

struct ThresholdsRequest {
    std::string device; // empty: all of the stream
    std::int64_t learn_from_us = INT64_MIN;
    std::int64_t from_us = INT64_MIN; // alarms raised in [from_us, to_us) count
    std::int64_t to_us = INT64_MAX;
    std::size_t bytes_max = SIZE_MAX;
};

struct ThresholdCount {
    double threshold = 0.0;
    std::uint64_t alarms = 0;
    std::uint64_t alarms_true = 0;  // that overlap a span labelled true,
    std::uint64_t alarms_false = 0; // or else one labelled false
    std::uint64_t kept_true = 0;    // spans labelled true that an alarm overlaps
    std::uint64_t spared_false = 0; // spans labelled false that none does
};

struct ThresholdCounts {
    std::vector<ThresholdCount> counts; // by threshold, the model's own among them
    std::uint64_t devices = 0;          // that had samples
    std::uint64_t samples = 0;
    std::uint64_t labelled_true = 0;  // spans of these devices and of the time asked for
    std::uint64_t labelled_false = 0; // likewise
    std::int64_t first_ms = 0;        // of the samples in [from_us, to_us), of whatever device
    std::int64_t last_ms = 0;

    [[nodiscard]] double weeks() const noexcept;
    // The least threshold with at most so many false alarms a week: those that are not labelled
    // true. Nothing where none has so few, or there was no time.
    [[nodiscard]] std::optional<double> suggested(double per_week) const;
};

// How many alarms thresholds from 0.05 to 1 in steps of 0.05, and the model's own, would have
// raised in stored samples: a detector for each of them sees every sample, so that hysteresis,
// silence and habituation count as they would live. One pass; it costs what the detectors cost,
// twenty-one times. Devices one after the other, so that memory does not grow with them. BLOCKS.
// Errors: of Replay.
[[nodiscard]] Result<ThresholdCounts> count_by_threshold(const ModelSpec& spec,
                                                         const history::Store& history,
                                                         StreamId stream,
                                                         const ThresholdsRequest& request,
                                                         std::span<const LabelledSpan> labels,
                                                         const Replay::Check& check);

} // namespace holdfast::models
