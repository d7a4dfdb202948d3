#pragma once

#include <holdfast/ml/verdict.hpp>
#include <holdfast/models/replay.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::models {

// A sample with what a model said of it.
struct Explained {
    std::int64_t event_ms = 0;
    std::vector<double> values; // NaN: none
    double score = 0.0;
    bool is_warm = false;    // false: no alarm is raised yet
    bool is_alarmed = false; // after the sample
    ml::Explanation why;     // of the signal that is furthest off, and of each
};

struct SeriesRequest {
    std::string device;
    std::int64_t learn_from_us = INT64_MIN; // what the model has learnt from begins here
    std::int64_t from_us = INT64_MIN;       // samples of [from_us, to_us) are given
    std::int64_t to_us = INT64_MAX;
    std::size_t points = 1'000; // at most so many, from 2 on
    std::size_t bytes_max = SIZE_MAX;
};

// What the model says of stored samples of a device, as it would have said live had it begun with
// learn_from_us: a new detector reads them all, nothing of the model at work is touched. Of more
// samples than `points` those stay whose score is the least or the largest in their part of the
// time, in order of time. Memory: `points` samples, and what a Replay holds. BLOCKS. Errors: of
// Replay; not_found where the stream does not know the device.
[[nodiscard]] Result<std::vector<Explained>> explain_series(const ModelSpec& spec,
                                                            const history::Store& history,
                                                            StreamId stream,
                                                            const SeriesRequest& request,
                                                            const Replay::Check& check);

} // namespace holdfast::models
