#pragma once

#include <holdfast/base/result.hpp>

#include <optional>

namespace CLI {
class App;
}

namespace holdfast::app {

// The exit codes of `holdfast`: 0, 1 where a command failed, 2 where its words are none.
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

// Reads the arguments into what `cli` was given. The exit code where that was all: 0 after --help
// or --version, else kExitUsage, with the reason on standard error.
[[nodiscard]] std::optional<int> read_command_line(CLI::App& cli, int argc, char** argv);

// Says on standard error why a command failed, and gives `exit_code`.
int say_why(const Error& error, int exit_code = kExitFailed);

} // namespace holdfast::app
