#pragma once

#include <holdfast/pipeline/plan.hpp>

namespace holdfast::pipeline {

// All combinations of the settings' values. Errors: those of check_pipeline().
[[nodiscard]] Result<std::vector<Candidate>> make_candidates(const config::PipelineFile& file);

} // namespace holdfast::pipeline
