#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace holdfast::app {

struct TokenArguments {
    std::string config_file = "holdfast.yaml";
    std::string user;
    std::string label;
    std::string expires = "90d"; // a duration, or `never`
    std::string id;
};

// `holdfast token create|list|revoke`, on the users file as `holdfast user`. Keep it as long as
// `cli`.
class TokenCommand {
public:
    explicit TokenCommand(CLI::App& cli);
    // 0, or 1 with the reason on standard error. Nothing where it was another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App* create_;
    CLI::App* list_;
    CLI::App* revoke_;
    TokenArguments arguments_;
};

} // namespace holdfast::app
