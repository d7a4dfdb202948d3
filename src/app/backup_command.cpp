#include "app/backup_command.hpp"

#include "app/backup.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>
#include <filesystem>

namespace holdfast::app {
namespace {

int failed(const Error& error) {
    fmt::print(stderr, "holdfast: {}\n", error.context);
    return 1;
}

Result<std::string> ask_for_backup(const ServerOptions& server,
                                   const std::filesystem::path& directory) {
    gateway::HttpRequest request;
    request.method = "POST";
    request.path = "/api/v1/backup";
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = boost::json::serialize(boost::json::object{{"directory", directory.string()}});
    HF_TRY(auto client, connect_to(server));
    HF_TRY(const auto response, client.send(request));
    if (response.status != 200) return fail(Errc::io, gateway::detail_of(response));
    return response.body;
}

int run_backup(const ServerOptions& server, const std::filesystem::path& directory) {
    const auto answer = ask_for_backup(server, std::filesystem::absolute(directory));
    if (!answer) return failed(answer.error());
    fmt::print("{}\n", answer.value());
    return 0;
}

int run_restore(const std::filesystem::path& directory, const std::filesystem::path& data_dir) {
    set_log_level(LogLevel::warn);
    const auto restored = restore_backup(directory, data_dir);
    if (!restored) return failed(restored.error());
    fmt::print("restored {} files, {} bytes into {}\n", restored.value().files(),
               restored.value().bytes(), data_dir.string());
    return 0;
}

} // namespace

BackupCommand::BackupCommand(CLI::App& cli) {
    backup_ = cli.add_subcommand("backup", "copy a running server's data");
    backup_->add_option("directory", directory_, "on the server; absent or empty")->required();
    add_server_options(*backup_, server_);
    restore_ = cli.add_subcommand("restore", "copy a backup into an empty data directory");
    restore_->add_option("directory", directory_, "of the backup")->required();
    restore_->add_option("--data-dir", data_dir_, "absent or empty")->capture_default_str();
}

std::optional<int> BackupCommand::run() const {
    if (backup_->parsed()) return run_backup(server_, directory_);
    if (restore_->parsed()) return run_restore(directory_, data_dir_);
    return {};
}

} // namespace holdfast::app
