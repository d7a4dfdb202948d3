#pragma once

#include "app/log_tail.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace holdfast::app {

// Which stream's records to show, and where the log is.
struct LogArguments {
    std::string data_dir = "./holdfast-data";
    std::string stream;
    std::uint32_t partition = 0;
    std::optional<std::int64_t> offset;  // the log start without
    std::optional<std::int64_t> from_ms; // instead of the offset
    std::uint64_t limit = 0;             // 0 = all
};

// `holdfast log ls|read|dump|verify`: look at a data directory without a server, or beside the one
// that writes it; nothing in it is changed. `tail` follows a server. Keep it as long as `cli`.
class LogCommand {
public:
    explicit LogCommand(CLI::App& cli);
    // Runs the subcommand that was given: 0, or 1 with the reason on standard error; verify gives 1
    // where it found damage, too. Nothing where it was another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    void add_tail(CLI::App& log);

    CLI::App* ls_;
    CLI::App* read_;
    CLI::App* dump_;
    CLI::App* verify_;
    CLI::App* tail_;
    LogArguments arguments_;
    LogTailArguments tail_arguments_;
};

} // namespace holdfast::app
