// Goal: HTTP over TLS is HTTP: what holds in clear holds on a listener with TLS, several listeners
// are one server, and who does not end its handshake costs little. Method: a server on free ports,
// OpenSSL's client.
#include <holdfast/gateway/http/body_stream.hpp>
#include "gateway/tls_http_client.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

using namespace holdfast;
using namespace std::chrono_literals;
using gateway::HttpRequest;
using gateway::Reply;
using gateway::Right;
using test::Client;
using test::RunningServer;
using test::TlsDoor;
using test::TlsHttpClient;

namespace {

// A body of so many pieces.
class Pieces final : public gateway::BodyStream {
public:
    Pieces(const Reply& reply, int count) : reply_(reply), left_(count) {}
    void pull(Deliver deliver) override {
        reply_.post([this, deliver] {
            if (left_-- > 0) return deliver(std::string(100'000, 'x'));
            deliver(std::nullopt);
        });
    }
    void close() override { left_ = 0; }

private:
    Reply reply_;
    std::atomic<int> left_;
};

gateway::Router router_of() {
    gateway::Router router;
    router.add("GET", "/hello", {}, Right::open("a test"),
               [](const HttpRequest& request, const Reply& reply) {
                   reply.send({200, "text/plain", {}, request.is_tls ? "secret" : "clear"});
               });
    router.add("POST", "/echo", {}, Right::signed_in(),
               [](const HttpRequest& request, const Reply& reply) {
                   reply.send({200, "text/plain", {}, request.body});
               });
    router.add("GET", "/stream", {}, Right::open("a test"),
               [](const HttpRequest&, const Reply& reply) {
                   gateway::HttpResponse response{200, "text/plain"};
                   response.stream = std::make_shared<Pieces>(reply, 10);
                   reply.send(std::move(response));
               });
    return router;
}

// They are counted soon after the client has seen its connection closed.
void wait_for_failures(RunningServer& running, std::uint64_t count) {
    while (running.metrics.counter("holdfast_tls_handshakes_failed", "").value() < count)
        std::this_thread::yield();
}

} // namespace

TEST_CASE("HTTPS serves request after request on one connection", "[gateway][http][tls]") {
    const TlsDoor site;
    const auto router = router_of();
    RunningServer running(router, site.door());
    TlsHttpClient client(running.server().port(), site);
    REQUIRE(client.is_open());
    CHECK(client.get("/hello").body == "secret");
    CHECK(client.send("POST", "/echo", "body").body == "body");
    const std::string large(1'000'000, 'y');
    CHECK((client.send("POST", "/echo", large).body == large)); // in brackets: too long to show
    client.write(
        "GET /hello HTTP/1.1\r\nHost: a.name\r\n\r\nGET /nothing HTTP/1.1\r\nHost: "
        "localhost\r\n\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: "
        "close\r\n\r\n");
    CHECK(client.read().status == 403); // the site has no users
    CHECK(client.is_closed());
}

TEST_CASE("an answer in pieces comes over TLS whole, and the connection goes on",
          "[gateway][http][tls]") {
    const TlsDoor site;
    const auto router = router_of();
    RunningServer running(router, site.door());
    TlsHttpClient client(running.server().port(), site);
    client.write("GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(client.read(false).status == 200);
    std::size_t size = 0;
    for (auto chunk = client.read_chunk(); chunk && !chunk->empty(); chunk = client.read_chunk())
        size += chunk->size();
    CHECK(size == 1'000'000);
    CHECK(client.get("/hello").body == "secret");
}

TEST_CASE("a client that says goodbye over TLS is heard while its answer is made",
          "[gateway][http][tls]") {
    const TlsDoor site;
    std::atomic<bool> is_asked = false;
    std::atomic<bool> is_gone = false;
    gateway::Router router;
    router.add("GET", "/wait", {}, Right::open("a test"),
               [&](const HttpRequest&, const Reply& reply) {
                   std::thread([&, reply] {
                       is_asked = true;
                       while (!reply.gone().stop_requested()) std::this_thread::yield();
                       is_gone = true;
                       reply.send({204, "", {}, ""});
                   }).detach();
               });
    RunningServer running(router, site.door());
    {
        TlsHttpClient client(running.server().port(), site);
        client.write("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
        while (!is_asked) std::this_thread::yield();
        client.say_goodbye();
        while (!is_gone) std::this_thread::yield();
    }
    while (running.server().connection_count() != 0) std::this_thread::yield();
}

TEST_CASE("one server listens in clear and over TLS, each with its own door",
          "[gateway][http][tls]") {
    const TlsDoor site;
    const auto router = router_of();
    boost::asio::io_context io(1);
    std::vector<boost::asio::io_context*> ios{&io};
    MemoryAccount memory(64U << 20U);
    Metrics metrics;
    gateway::HttpServer server(ios, router, memory, metrics);
    REQUIRE(server.listen("127.0.0.1", 0, {}));
    REQUIRE(server.listen("127.0.0.1", 0, site.door()));
    server.start();
    std::thread thread([&io] {
        const auto guard = boost::asio::make_work_guard(io);
        io.run();
    });
    Client clear(server.port(0));
    TlsHttpClient secret(server.port(1), site);
    CHECK(clear.get("/hello").body == "clear");
    CHECK(secret.get("/hello").body == "secret");
    CHECK(server.connection_count() == 2);
    server.stop(200ms);
    CHECK(clear.is_closed());
    CHECK(secret.is_closed());
    io.stop();
    thread.join();
    CHECK(memory.used_bytes() == 0);
}

TEST_CASE("a handshake that does not end is ended, and so is one too many",
          "[gateway][http][tls]") {
    const TlsDoor site;
    const auto router = router_of();
    gateway::HttpSettings settings;
    SECTION("by time") {
        settings.handshake_limit = 50ms;
        RunningServer running(router, settings, 64U << 20U, site.door());
        Client silent(running.server().port());
        Client half(running.server().port());
        half.write(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
        CHECK(silent.is_closed());
        CHECK(half.is_closed());
        wait_for_failures(running, 2);
    }
    SECTION("by number") {
        settings.handshakes_max = 1;
        RunningServer running(router, settings, 64U << 20U, site.door());
        auto silent = std::make_unique<Client>(running.server().port());
        while (running.server().connection_count() == 0) std::this_thread::yield();
        while (TlsHttpClient(running.server().port(), site).is_open()) std::this_thread::yield();
        silent.reset();
        while (!TlsHttpClient(running.server().port(), site).is_open()) std::this_thread::yield();
    }
    SECTION("by memory") {
        RunningServer running(router, settings, 10'000, site.door());
        CHECK_FALSE(TlsHttpClient(running.server().port(), site).is_open());
    }
}

TEST_CASE("the wrong one of TLS and clear is closed, and the listener goes on",
          "[gateway][http][tls]") {
    const TlsDoor site;
    const auto router = router_of();
    SECTION("in clear to TLS") {
        RunningServer running(router, site.door());
        Client wrong(running.server().port());
        CHECK(wrong.get("/hello").status == 0);
        CHECK(TlsHttpClient(running.server().port(), site).get("/hello").status == 200);
    }
    SECTION("TLS to clear") {
        RunningServer running(router);
        CHECK_FALSE(TlsHttpClient(running.server().port(), site).is_open());
        wait_for_failures(running, 1);
        CHECK(Client(running.server().port()).get("/hello").status == 200);
    }
}

TEST_CASE("connections of before a change of certificate stay; later ones see the new one",
          "[gateway][http][tls]") {
    const TlsDoor site;
    const auto router = router_of();
    RunningServer running(router, site.door());
    TlsHttpClient before(running.server().port(), site);
    const auto other = site.authority.issue_server({"elsewhere"}, 30).value();
    test::put(site.path("server.crt"), other.certificate);
    test::put(site.path("server.key"), other.key);
    REQUIRE(site.credentials->reload(0));
    CHECK(before.get("/hello").status == 200);
    CHECK_FALSE(TlsHttpClient(running.server().port(), site).is_open()); // not localhost's
    CHECK(before.get("/hello").status == 200);
}
