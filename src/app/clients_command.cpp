#include "app/clients_command.hpp"

#include "app/client_text.hpp"
#include "app/command_line.hpp"
#include "app/percent_encode.hpp"

#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <utility>

namespace holdfast::app {
namespace {

Result<std::string> ask(const ClientsArguments& arguments, std::string target) {
    gateway::HttpRequest request;
    request.method = "GET";
    request.path = std::move(target);
    HF_TRY(auto client, connect_to(arguments.server));
    HF_TRY(auto response, client.send(request));
    if (response.status != 200) return fail(Errc::not_found, gateway::detail_of(response));
    return std::move(response.body);
}

Result<std::string> list(const ClientsArguments& arguments) {
    HF_TRY(const std::string answer,
           ask(arguments, fmt::format("/api/v1/clients?search={}&limit={}",
                                      percent_encode(arguments.search), arguments.limit)));
    return clients_text(answer);
}

Result<std::string> explain(const ClientsArguments& arguments) {
    HF_TRY(const std::string answer,
           ask(arguments, "/api/v1/clients/" + percent_encode(arguments.client_id)));
    return client_text(answer);
}

} // namespace

ClientsCommand::ClientsCommand(CLI::App& cli) {
    const auto add = [&](const char* name, const char* what) {
        auto* command = cli.add_subcommand(name, what);
        add_server_options(*command, arguments_.server);
        return command;
    };
    list_ = add("clients", "MQTT clients of a server");
    list_->add_option("--search", arguments_.search, "part of the client id, user or address");
    list_->add_option("--limit", arguments_.limit, "at most so many")->capture_default_str();
    explain_ = add("explain", "what a server knows of one MQTT client, and what it refused it");
    explain_->add_option("client", arguments_.client_id, "client id")->required();
}

std::optional<int> ClientsCommand::run() const {
    if (!list_->parsed() && !explain_->parsed()) return {};
    const auto text = list_->parsed() ? list(arguments_) : explain(arguments_);
    if (!text) return say_why(text.error());
    fmt::print("{}", text.value());
    return 0;
}

} // namespace holdfast::app
