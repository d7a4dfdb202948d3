#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/config/pipeline_file.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

namespace holdfast::app {

// One row; valid during the call that it is handed to.
struct CsvSample {
    std::string_view device; // empty where the pipeline names no column of it
    std::int64_t event_ms = 0;
    std::span<const double> signals; // NaN where a cell is no number
    double target = 0.0;             // NaN, too, and where it was not wanted
};

enum class CsvTarget : std::uint8_t { wanted, left_out };

// Reads a CSV file's rows, in their order: the pipeline's device, time, signals and, where it is
// wanted, target are columns of the header. A cell that is no number is a missing value; `true` is
// 1 and `false` 0.
//
// `progress` is called with the part that was read. Errors, with file and line: io; malformed (a
// column that is missing, too few cells, no time); what `take` and `progress` give.
[[nodiscard]] Result<void> read_samples(const std::filesystem::path& file,
                                        const config::PipelineFile& pipeline, CsvTarget target,
                                        const std::function<Result<void>(double)>& progress,
                                        const std::function<Result<void>(const CsvSample&)>& take);

} // namespace holdfast::app
