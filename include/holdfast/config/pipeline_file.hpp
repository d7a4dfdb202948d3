#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::config {

// How rows are parted into those to train on and those to test with.
enum class PipelineSplit : std::uint8_t { time, device, both, row };

// A value of a signal outside of [min, max].
struct PipelineLimit {
    std::string signal;
    double min = 0.0;
    double max = 0.0;
    std::string where; // `file:line: key`, for errors
};

struct PipelineFeature {
    std::string kind;
    std::vector<std::string> signals;   // each gives features of its own; none: all signals
    std::vector<std::uint32_t> samples; // each gives features of its own
    std::string other;                  // of ratio and product
    std::string where;
};

// A setting of the algorithm, which checks name and bounds. Several values: the grid tries each.
struct PipelineSetting {
    std::string name;
    std::vector<double> values;
    std::string where;
};

// Where a server takes the rows from: a stream, or a query over its log and history.
struct PipelineSource {
    std::string stream; // what a promoted model runs on, too; empty: only a query
    std::string query;  // SQL, whose columns are named as device, time, signals and target
    std::string from;   // event time as people write it, of a stream; empty: no bound
    std::string to;     // the same, and not in the range itself
    std::string where;

    [[nodiscard]] bool is_given() const noexcept { return !stream.empty() || !query.empty(); }
};

// When a prediction of a promoted model raises an alarm.
struct PipelineAlarm {
    std::optional<double> above; // one of both; none: predictions only
    std::optional<double> below;
    std::string severity = "minor";
};

// One pipeline YAML file (docs/training.md), typed but not yet checked against its methods.
struct PipelineFile {
    std::string name;                  // of the model: [a-z0-9_-]{1,64}
    PipelineSource source;             // none: rows come from elsewhere, a CSV file
    std::string device;                // column of the device; empty: all rows are of one
    std::string time;                  // column of the event time
    std::vector<std::string> signals;  // columns that features are made of
    std::string target;                // column that is learned; empty: remaining life
    std::string end;                   // column that is not 0 where a life ends
    std::uint64_t unit_ms = 3'600'000; // of remaining life
    std::uint64_t life_ms_max = 0;     // longer lives count as this long; 0: no bound
    std::uint64_t step_ms = 0;         // rows of a step become their mean; 0: rows as they are
    std::vector<PipelineLimit> limits;
    bool is_clipped = false;      // what is outside its limits is held to them, else missing
    std::string missing = "keep"; // keep, drop, last
    std::vector<PipelineFeature> features;
    double target_correlation_min = 0.0; // of a feature with the target, absolute; 0: all
    double mutual_correlation_max = 1.0; // of two features; 1: all
    PipelineSplit test_by = PipelineSplit::time;
    double test_part = 0.2;
    PipelineSplit folds_by = PipelineSplit::time;
    std::uint32_t folds = 5;
    bool is_label = false; // the target is 0 or 1
    std::string algorithm;
    std::vector<PipelineSetting> settings;
    std::uint64_t seed = 1;
    PipelineAlarm alarm;
    std::string text; // the file's own, as it was given
    std::filesystem::path file;

    // `FILE:7: key` for a key that the file has, `FILE:1: key` else.
    [[nodiscard]] std::string where(std::string_view key) const;
    std::map<std::string, int, std::less<>> lines; // of the keys at the top, from 1 on
};

// Errors as for config::load(): every mistake with its line.
[[nodiscard]] Result<PipelineFile> load_pipeline(const std::filesystem::path& file);
[[nodiscard]] Result<PipelineFile> parse_pipeline(const std::string& text,
                                                  const std::filesystem::path& name);

} // namespace holdfast::config
