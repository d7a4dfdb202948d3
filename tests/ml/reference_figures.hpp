#pragma once

#include <holdfast/ml/training/table.hpp>

#include <string>
#include <vector>

namespace holdfast::ml::reference {

// An array of tests/ml/reference/figures.txt, which an independent implementation made; the test
// fails where there is none of that name.
[[nodiscard]] Table table(const std::string& name);
[[nodiscard]] std::vector<double> figures(const std::string& name);

} // namespace holdfast::ml::reference
