#pragma once

#include "replay.hpp"

namespace holdfast::bench {

// Each prints what its benchmark's own rules give. not_found, where its data are not there.
[[nodiscard]] Result<void> report_nab(const DetectOptions& options);
[[nodiscard]] Result<void> report_skab(const DetectOptions& options);
[[nodiscard]] Result<void> report_obd(const DetectOptions& options);

} // namespace holdfast::bench
