#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/ml/training/metrics.hpp>
#include <holdfast/models/model_spec.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::models {

struct BacktestOptions {
    std::string
        time_column;    // empty: the first of ts, timestamp, time, datetime, else the first column
    std::string device; // whose samples they are; names the alarms
    std::string label_column{}; // not 0, true: something was wrong then; empty: nobody knows
    // Told of the input's position in bytes every few thousand rows; its error ends the run.
    std::function<Result<void>(std::uint64_t)> progress{};
};

struct BacktestResult {
    std::uint64_t rows = 0;
    std::uint64_t alarms_raised = 0;
    std::uint64_t alarms_cleared = 0;
    std::vector<std::uint64_t> without_number; // for each field: cells that were no number
    // Of rows whose label is known, by score, with the model's threshold; where labels were asked
    // for.
    std::optional<ml::LabelScores> labels;
};

// Scores a recorded CSV with a header as the model would have scored it live: the same detector on
// the same numbers and event times. A model's fields are columns by their name.
//
// `out` gets a CSV: time, each field, score, alarm (raised, cleared or empty), details (JSON of the
// alarm). Memory does not grow with the file, but by 16 bytes a row with labels. Errors, naming the
// line: malformed (no header, a column that is missing or without a single number, a time that is
// none, a quote that does not close, labels of one kind only), limit_exceeded (a line of over 1
// MiB), too_large (more than 16,777,216 rows with labels), io. A cell that is no number is a
// missing value, and is counted.
[[nodiscard]] Result<BacktestResult> backtest(const ModelSpec& spec, const BacktestOptions& options,
                                              std::istream& in, std::ostream& out);

} // namespace holdfast::models
