#pragma once

#include "app/query/query_target.hpp"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace holdfast::app {

// `holdfast query ["SQL"]`: asks a running server, or a data directory beside or without one.
// Without SQL it prompts, or reads statements from standard input where that is no terminal. Keep
// it as long as `cli`.
class QueryCommand {
public:
    explicit QueryCommand(CLI::App& cli);
    // 0, or 1 with the reason on standard error. Nothing where it was another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App* command_;
    CLI::Option* data_dir_option_;
    std::string sql_;
    std::string format_ = "table";
    ServerOptions server_;
    std::string data_dir_;
    std::vector<std::string> params_;
};

} // namespace holdfast::app
