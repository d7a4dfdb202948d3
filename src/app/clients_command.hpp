#pragma once

#include "app/server_options.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace holdfast::app {

struct ClientsArguments {
    ServerOptions server;
    std::string client_id;
    std::string search;
    std::uint32_t limit = 100;
};

// `holdfast clients` and `holdfast explain CLIENT`: what a server says of its MQTT clients. Keep it
// as long as `cli`.
class ClientsCommand {
public:
    explicit ClientsCommand(CLI::App& cli);
    // 0, or 1 with the reason on standard error. Nothing where it was another command.
    [[nodiscard]] std::optional<int> run() const;

private:
    CLI::App* list_;
    CLI::App* explain_;
    ClientsArguments arguments_;
};

} // namespace holdfast::app
