#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/gateway/http/client.hpp>

#include <string>

namespace CLI {
class App;
}

namespace holdfast::app {

// Which server a command asks, and as whom.
struct ServerOptions {
    gateway::ServerAddress address;
    std::string token_file; // empty: HOLDFAST_TOKEN, or none
};

// --url, --ca and --token-file, of every command that asks a server. `options` must live as long as
// `command`.
void add_server_options(CLI::App& command, ServerOptions& options);

// A client that shows the token with each request. Errors: those of HttpClient::connect(); the
// token file's (io, not_found); malformed where what it holds cannot be a token.
[[nodiscard]] Result<gateway::HttpClient> connect_to(const ServerOptions& options);

} // namespace holdfast::app
