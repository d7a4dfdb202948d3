#pragma once

#include <holdfast/base/result.hpp>

#include <filesystem>

namespace holdfast::app {

// denied, naming the directory and the process, where a server runs on it. One that starts at the
// same moment is met by the lock of the database itself.
[[nodiscard]] Result<void> expect_unused(const std::filesystem::path& data_dir);

} // namespace holdfast::app
