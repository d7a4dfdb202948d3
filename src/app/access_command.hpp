#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace holdfast::app {

// The exit code where nothing was decided; 0 is allowed, 1 denied.
inline constexpr int kExitUndecided = 2;

struct AccessArguments {
    std::string config_file = "holdfast.yaml";
    std::string user;
    std::string action;
    std::string resource;
    std::string client_id;
    std::string common_name;
};

// `holdfast access test`: what the files say now, before a server reads them. Keep it as long as
// `cli`.
class AccessCommand {
public:
    explicit AccessCommand(CLI::App& cli);
    // 0, 1 or kExitUndecided. Nothing where it was another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App* test_;
    AccessArguments arguments_;
};

} // namespace holdfast::app
