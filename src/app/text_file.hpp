#pragma once

#include <holdfast/base/result.hpp>

#include <cstddef>
#include <filesystem>
#include <string>

namespace holdfast::app {

// Errors, naming the file: io, limit_exceeded (beyond `bytes_max`).
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& file,
                                                 std::size_t bytes_max);

} // namespace holdfast::app
