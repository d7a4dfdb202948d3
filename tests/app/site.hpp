#pragma once

#include "app/fleet.hpp"
#include "app/server_process.hpp"
#include "support/temp_dir.hpp"

#include <memory>
#include <stdexcept>
#include <string>

namespace holdfast::test {

// A data directory, its config, and the servers that come and go on it.
class Site {
public:
    explicit Site(const std::string& config) { write_file(config_file(), config); }

    // The directory of the config file. What it names relatively is here.
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }
    [[nodiscard]] std::filesystem::path config_file() const { return directory() / "site.yaml"; }
    [[nodiscard]] std::filesystem::path data_dir() const { return directory() / "data"; }

    [[nodiscard]] std::vector<std::string> serve_arguments() const {
        return {"serve", "-c", config_file().string(), "--data-dir", data_dir().string()};
    }
    // The child, not yet ready, or never.
    [[nodiscard]] std::unique_ptr<ServerProcess> spawn() const {
        return std::make_unique<ServerProcess>(serve_arguments());
    }
    [[nodiscard]] std::unique_ptr<ServerProcess> start() const {
        auto server = spawn();
        if (!server->wait_until_ready())
            throw std::runtime_error("the server does not start: " + server->errors());
        return server;
    }

private:
    TempDir directory_;
};

[[nodiscard]] inline Ports ports_of(const ServerProcess& server) {
    return {server.port("mqtt"), server.port("http")};
}

} // namespace holdfast::test
