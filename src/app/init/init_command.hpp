#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace holdfast::app {

// `holdfast init DIR`: a site that may stand on a network, in one step: configuration, roles, a CA
// and the server's certificate, and an administrator. All of it is made, or nothing. Keep it as
// long as `cli`.
class InitCommand {
public:
    explicit InitCommand(CLI::App& cli);
    // 0, or 1 with the reason on standard error. Nothing where it was another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App* init_;
    std::string directory_;
    std::vector<std::string> hosts_;
};

} // namespace holdfast::app
