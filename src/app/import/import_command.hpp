#pragma once

#include "app/import/import_job.hpp"

#include <optional>

namespace CLI {
class App;
}

namespace holdfast::app {

// `holdfast import FILE.csv`: old data into a stream of a running server (docs/import.md). Keep it
// as long as `cli`.
class ImportCommand {
public:
    explicit ImportCommand(CLI::App& cli);
    // 0; 1 with the reason on standard error, also where rows were refused. Nothing where it was
    // another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App* command_;
    ImportArguments arguments_;
};

} // namespace holdfast::app
