// Goal: a TLS session carries what both sides say, takes only sound protocols and certificates, and
// never makes its thread wait. Method: OpenSSL's own client at the other end of a socket pair, both
// non-blocking and driven by turns; certificates of a site CA made for the test.

#include "gateway/tls/tls_session.hpp"

#include "gateway/tls_site.hpp"

#include <catch2/catch.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <memory>
#include <string>

using namespace holdfast;
using gateway::ClientCertificates;
using gateway::TlsContext;
using gateway::TlsSession;
using gateway::TlsSettings;
using test::put;
using test::TlsClient;
using test::TlsSite;
using Status = gateway::TlsSession::Status;

namespace {

struct Pair {
    std::array<int, 2> ends{};
    TlsClient client;
    std::unique_ptr<TlsSession> server;

    explicit Pair(std::shared_ptr<const TlsContext> context) {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        server = std::make_unique<TlsSession>(std::move(context), ends[0]);
    }
    ~Pair() {
        ::close(ends[0]);
        if (ends[1] >= 0) ::close(ends[1]);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;

    // Both by turns until neither gets on. Gives what the server's handshake came to.
    Status shake() {
        client.begin(ends[1]);
        Status status = Status::wants_read;
        for (int i = 0; i < 20; ++i) {
            (void)SSL_do_handshake(client.session.get());
            if (status == Status::wants_read || status == Status::wants_write)
                status = server->handshake().status;
        }
        ERR_clear_error();
        return status;
    }
    std::string server_reads() {
        std::string heard;
        std::array<std::byte, 1000> buffer{};
        for (;;) {
            const auto outcome = server->read(buffer);
            if (outcome.status != Status::done) return heard;
            heard += as_text(std::span(buffer).first(outcome.bytes));
        }
    }
    std::string client_reads() {
        std::string heard;
        std::array<char, 4096> buffer{};
        for (;;) {
            const int count = SSL_read(client.session.get(), buffer.data(), buffer.size());
            if (count <= 0) return heard;
            heard.append(buffer.data(), static_cast<std::size_t>(count));
        }
    }
};

} // namespace

TEST_CASE("both sides hear what the other says, over TLS 1.2 and 1.3", "[tls]") {
    const TlsSite site;
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    Pair pair(site.context());
    pair.client.trust(site.path("ca.crt"));
    SSL_CTX_set_max_proto_version(pair.client.context.get(), version);
    REQUIRE(pair.shake() == Status::done);
    CHECK(pair.server->version() == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
    CHECK(pair.server->peer_name().empty());
    const std::string question(40'000, 'q');
    std::size_t sent = 0;
    std::string heard;
    while (sent < question.size()) {
        const int count = SSL_write(pair.client.session.get(), question.data() + sent,
                                    static_cast<int>(question.size() - sent));
        if (count > 0) sent += static_cast<std::size_t>(count);
        heard += pair.server_reads();
    }
    CHECK(heard == question);
    CHECK(pair.server->write(as_bytes("answer")).status == Status::done);
    CHECK(pair.client_reads() == "answer");
}

TEST_CASE("what a full socket does not take is asked for again, from anywhere", "[tls]") {
    const TlsSite site;
    Pair pair(site.context());
    REQUIRE(pair.shake() == Status::done);
    const std::string message(3'000'000, 'm');
    std::string heard;
    std::size_t sent = 0;
    bool was_full = false;
    while (sent < message.size()) {
        const std::string elsewhere = message.substr(sent); // another address each time
        const auto outcome = pair.server->write(as_bytes(elsewhere));
        if (outcome.status == Status::done) {
            sent += outcome.bytes;
            continue;
        }
        REQUIRE(outcome.status == Status::wants_write);
        was_full = true;
        heard += pair.client_reads();
    }
    CHECK(was_full);
    heard += pair.client_reads();
    CHECK(heard.size() == message.size());
}

TEST_CASE("client certificates are asked for as the listener says", "[tls]") {
    const TlsSite site;
    const auto stranger_ca = identity::CertificateAuthority::make("another site", 30).value();
    const auto stranger = identity::CertificateAuthority::load(stranger_ca)
                              .value()
                              .issue_client("press-7", 30)
                              .value();
    SECTION("a good one tells its name") {
        Pair pair(site.context(ClientCertificates::required));
        pair.client.use(site.client);
        REQUIRE(pair.shake() == Status::done);
        CHECK(pair.server->peer_name() == "press-7");
    }
    SECTION("none is taken where it is only asked for") {
        Pair pair(site.context(ClientCertificates::asked));
        REQUIRE(pair.shake() == Status::done);
        CHECK(pair.server->peer_name().empty());
    }
    SECTION("none is refused where it is required") {
        Pair pair(site.context(ClientCertificates::required));
        CHECK(pair.shake() == Status::failed);
        CHECK(pair.server->error() == "TLS: peer did not return a certificate");
    }
    SECTION("one of another CA is refused, also where it is only asked for") {
        Pair pair(site.context(ClientCertificates::asked));
        pair.client.use(stranger);
        CHECK(pair.shake() == Status::failed);
    }
    SECTION("a server's certificate is none of a client") {
        Pair pair(site.context(ClientCertificates::required));
        pair.client.use(site.authority.issue_server({"localhost"}, 30).value());
        CHECK(pair.shake() == Status::failed);
    }
}

TEST_CASE("TLS 1.1 is refused, though the client has it", "[tls]") {
    const TlsSite site;
    Pair pair(site.context());
    SSL_CTX_set_min_proto_version(pair.client.context.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(pair.client.context.get(), TLS1_1_VERSION);
    SSL_CTX_set_security_level(pair.client.context.get(), 0);
    CHECK(pair.shake() == Status::failed);
    CHECK(pair.server->error() == "TLS: unsupported protocol");
}

TEST_CASE("what is no TLS is refused at once", "[tls]") {
    const TlsSite site;
    Pair pair(site.context());
    REQUIRE(::write(pair.ends[1], "GET / HTTP/1.1\r\n\r\n", 18) == 18);
    CHECK(pair.server->handshake().status == Status::failed);
}

TEST_CASE("a peer that ends the session, or just hangs up, is closed", "[tls]") {
    const TlsSite site;
    std::signal(SIGPIPE, SIG_IGN); // as the server does: OpenSSL writes without MSG_NOSIGNAL
    const bool is_polite = GENERATE(true, false);
    Pair pair(site.context());
    REQUIRE(pair.shake() == Status::done);
    (void)pair.client_reads(); // session tickets: closing with bytes unread is a reset
    if (is_polite) SSL_shutdown(pair.client.session.get());
    ::close(std::exchange(pair.ends[1], -1));
    std::array<std::byte, 10> buffer{};
    CHECK(pair.server->read(buffer).status == Status::closed);
    pair.server->shut_down();
}

TEST_CASE("a session goes on with the certificate that it began with", "[tls]") {
    const TlsSite site;
    auto context = site.context();
    Pair pair(context);
    context.reset();
    REQUIRE(pair.shake() == Status::done);
    CHECK(pair.server->write(as_bytes("still here")).status == Status::done);
    CHECK(pair.client_reads() == "still here");
}

TEST_CASE("files that make no sound listener are refused by name", "[tls]") {
    const TlsSite site;
    const auto load = [&](const TlsSettings& settings, std::int64_t now_ms = 0) {
        const auto loaded = TlsContext::load(settings, now_ms);
        REQUIRE_FALSE(loaded);
        return loaded.error().context;
    };
    TlsSettings settings = site.settings(ClientCertificates::asked);
    settings.certificate = site.path("absent.crt");
    CHECK(load(settings).starts_with(settings.certificate.string() + ": no certificate"));
    settings = site.settings();
    put(site.path("other.key"), site.client.key);
    settings.key = site.path("other.key");
    CHECK(load(settings).starts_with(settings.key.string() + ": no"));
    settings = site.settings(ClientCertificates::asked);
    settings.client_ca = site.path("server.key");
    CHECK(load(settings).starts_with(settings.client_ca.string() + ": no certificates"));
    CHECK(load(site.settings(), 4'000'000'000'000).ends_with("the certificate has expired"));
}
