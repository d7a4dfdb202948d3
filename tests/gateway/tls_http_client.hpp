#pragma once

#include "gateway/http_client.hpp"
#include "gateway/tls_site.hpp"

#include <holdfast/gateway/tls/tls_credentials.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <memory>
#include <string>
#include <utility>

namespace holdfast::test {

// A site's certificate for a listener of HTTP.
struct TlsDoor : TlsSite {
    explicit TlsDoor(gateway::ClientCertificates clients = gateway::ClientCertificates::off) {
        auto loaded = gateway::TlsCredentials::load(settings(clients), 0);
        REQUIRE(loaded);
        credentials = std::move(loaded).value();
        std::signal(SIGPIPE, SIG_IGN); // as the server does: OpenSSL writes without MSG_NOSIGNAL
    }
    [[nodiscard]] gateway::HttpDoor door() const {
        gateway::HttpDoor door;
        door.tls = credentials.get();
        return door;
    }
    std::unique_ptr<gateway::TlsCredentials> credentials;
};

// The raw client over TLS.
class TlsHttpClient final : public Client {
public:
    TlsHttpClient(std::uint16_t port, const TlsSite& site, bool has_certificate = false)
        : Client(port) {
        if (has_certificate) tls_.use(site.client);
        tls_.trust(site.path("ca.crt"));
        tls_.begin(fd());
        is_open_ = SSL_connect(tls_.session.get()) == 1;
    }
    [[nodiscard]] bool is_open() const noexcept { return is_open_; }
    void write(std::string_view text) override {
        SSL_write(tls_.session.get(), text.data(), static_cast<int>(text.size()));
    }
    void say_goodbye() { SSL_shutdown(tls_.session.get()); }

protected:
    std::size_t read_some(std::string& piece) override {
        const int count =
            SSL_read(tls_.session.get(), piece.data(), static_cast<int>(piece.size()));
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    }

private:
    TlsClient tls_;
    bool is_open_ = false;
};

} // namespace holdfast::test
