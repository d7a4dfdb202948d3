#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/config/pipeline_file.hpp>

#include <string>

namespace holdfast::pipeline {

// malformed, with file and line: a signal or a target that is no path into a payload, a time that
// is none, a range that ends before it begins. Nothing is wrong without a source.
[[nodiscard]] Result<void> check_source(const config::PipelineFile& file);

// The SQL that gives a pipeline's rows: its own query, or one made of its stream and range, whose
// columns are then device, time, signals and target, in this order. For a file that check_source()
// takes and that has a source: asserted.
[[nodiscard]] std::string source_sql(const config::PipelineFile& file);

} // namespace holdfast::pipeline
