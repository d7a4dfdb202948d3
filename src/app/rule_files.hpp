#pragma once

#include <holdfast/base/result.hpp>

#include <filesystem>
#include <string>

namespace holdfast::app {

// The text of a file of rules. Errors, naming the file: io, limit_exceeded.
[[nodiscard]] Result<std::string> read_rule_file(const std::filesystem::path& file);

} // namespace holdfast::app
