#pragma once

#include <string>

namespace holdfast::app {

struct ServeArguments {
    std::string config_file; // empty: built-in defaults
    std::string data_dir;    // empty: as the config says
};

// `holdfast serve`: runs until SIGINT or SIGTERM. The process's exit code: 0, or 1 where the start
// failed, with the reason on standard error.
[[nodiscard]] int serve(const ServeArguments& arguments);

// `holdfast check`: 0, or 1 with a line for every mistake in the file.
[[nodiscard]] int check(const std::string& config_file);

} // namespace holdfast::app
