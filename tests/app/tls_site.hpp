#pragma once

#include "app/server_process.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/identity/certificates.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::test {

// A directory with a site's CA, a certificate for its server and one for a client, and servers that
// use them: MQTT and HTTP over TLS on free loopback ports.
class TlsSite {
public:
    explicit TlsSite(const std::string& clients = "asked") {
        write_file(file("ca.crt"), ca_.certificate);
        renew_server(30);
        const auto press = authority_.issue_client("press-7", 30).value();
        write_file(file("press.crt"), press.certificate);
        write_file(file("press.key"), press.key);
        const std::string tls =
            "{certificate: server.crt, key: server.key, client_ca: ca.crt, clients: " + clients +
            "}";
        write_file(file("site.yaml"), fmt::format(R"(
listeners:
  mqtt: [{{address: "127.0.0.1:0", tls: {0}}}, "127.0.0.1:0"]
  http: [{{address: "127.0.0.1:0", tls: {0}}}, "127.0.0.1:0"]
)",
                                                  tls));
    }
    [[nodiscard]] std::filesystem::path file(const std::string& name) const {
        return directory_.path() / name;
    }
    // A new certificate and key for the server, in its files.
    void renew_server(int days) const {
        const auto server = authority_.issue_server({"localhost", "127.0.0.1"}, days).value();
        write_file(file("server.key"), server.key);
        write_file(file("server.crt"), server.certificate);
    }
    // With its log in its output.
    [[nodiscard]] std::unique_ptr<Child> start() const {
        auto server = std::make_unique<Child>(std::vector<std::string>{
            "/bin/sh", "-c", R"(exec "$0" serve -c "$1" --data-dir "$2" 2>&1)", HOLDFAST_PROGRAM,
            file("site.yaml").string(), file("data").string()});
        if (!server->wait_for_output("ready\n"))
            throw std::runtime_error("the server does not start: " + server->output());
        return server;
    }
    [[nodiscard]] std::string path(const std::string& name) const { return file(name).string(); }

private:
    TempDir directory_;
    identity::CertificateAndKey ca_ = identity::CertificateAuthority::make("a site", 400).value();
    identity::CertificateAuthority authority_ = identity::CertificateAuthority::load(ca_).value();
};

[[nodiscard]] inline Outcome run(const std::vector<std::string>& words) {
    Child child(words);
    Outcome outcome;
    outcome.exit_code = child.wait();
    outcome.output = child.output();
    outcome.errors = child.errors();
    return outcome;
}

} // namespace holdfast::test
