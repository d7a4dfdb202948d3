#pragma once

#include <holdfast/base/result.hpp>

#include <filesystem>
#include <string>

namespace holdfast::bench {

struct DetectOptions {
    std::filesystem::path data;   // holds nab, skab, obd
    std::string kind = "auto";    // of the models
    std::filesystem::path output; // where rows go for other scorers; empty: nowhere
};

// Each prints what its benchmark's own rules give. not_found, where its data are not there.
[[nodiscard]] Result<void> report_nab(const DetectOptions& options);

} // namespace holdfast::bench
