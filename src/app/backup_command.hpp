#pragma once

#include "app/server_options.hpp"

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace holdfast::app {

// `holdfast backup DIR`: has a running server copy its data. `holdfast restore DIR`: copies it into
// an empty data directory, without a server. Keep it as long as `cli`.
class BackupCommand {
public:
    explicit BackupCommand(CLI::App& cli);
    // 0, or 1 with the reason on standard error. Nothing where it was another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App* backup_;
    CLI::App* restore_;
    std::string directory_;
    ServerOptions server_;
    std::string data_dir_ = "./holdfast-data";
};

} // namespace holdfast::app
