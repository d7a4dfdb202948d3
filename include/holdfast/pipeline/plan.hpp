#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/config/pipeline_file.hpp>
#include <holdfast/ml/features/feature_stream.hpp>
#include <holdfast/ml/training/algorithm.hpp>
#include <holdfast/pipeline/cleansing.hpp>

#include <string>
#include <vector>

namespace holdfast::pipeline {

// One point of the grid.
struct Candidate {
    ml::Algorithm algorithm;
    std::string text; // `random_forest trees=50`: the settings that the file gives
};

inline constexpr std::size_t kCandidatesMax = 200;

// A pipeline file that was checked whole: it names nothing that is not there.
struct Plan {
    config::PipelineFile file;
    CleansingSettings cleansing;
    std::vector<ml::FeatureSpec> features;  // of file.signals
    std::vector<std::string> feature_names; // `mean(heat, 5)`
    std::vector<Candidate> candidates;      // at least one, in the order of the file's values
};

// malformed, with file and line: a signal, kind, algorithm or setting that there is not, a setting
// out of its bounds, an algorithm that cannot learn the target, more than kCandidatesMax points;
// anything that is given twice.
[[nodiscard]] Result<Plan> check_pipeline(config::PipelineFile file);

// As check_pipeline(), of a file that a stored version was trained by: that may give a feature or a
// limit twice, which counts once, and a query beside a stream, as was once taken.
[[nodiscard]] Result<Plan> check_stored_pipeline(config::PipelineFile file);

} // namespace holdfast::pipeline
