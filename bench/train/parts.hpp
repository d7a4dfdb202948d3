#pragma once

#include <holdfast/base/result.hpp>

#include <filesystem>

namespace holdfast::bench {

// Each prints its figures beside its budget; io or malformed where the data are not as they were.

// C-MAPSS FD001: cycles that an engine has left. `data` has train_FD001.txt, test_A.txt, RUL_A.txt.
[[nodiscard]] Result<void> remaining_life(const std::filesystem::path& data);
// AI4I 2020: does a milling machine fail in this row? `data` has ai4i_A.csv.
[[nodiscard]] Result<void> failures(const std::filesystem::path& data);
// CPU time of each method on rows that are made up.
void cost();

} // namespace holdfast::bench
