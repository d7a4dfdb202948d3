#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace holdfast::app {

struct UserArguments {
    std::string config_file = "holdfast.yaml";
    std::string name;
    std::vector<std::string> roles;
    std::vector<std::string> taken_roles;
    bool is_password_on_input = false;
    bool is_generated = false;
    bool is_without_password = false;
};

// `holdfast user add|list|passwd|role|remove`: changes the users file itself, so that it also works
// without a server and where nobody can sign in any more; a running server sees the change within a
// second. Keep it as long as `cli`.
class UserCommand {
public:
    explicit UserCommand(CLI::App& cli);
    // 0, or 1 with the reason on standard error. Nothing where it was another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App* add_;
    CLI::App* list_;
    CLI::App* passwd_;
    CLI::App* role_;
    CLI::App* remove_;
    UserArguments arguments_;
};

} // namespace holdfast::app
