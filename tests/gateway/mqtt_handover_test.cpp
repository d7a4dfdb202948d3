// Goal: an HTTP connection that asks for MQTT over WebSocket becomes a shard's, with all that was
// read of it, and nobody gets in by it who would not get in otherwise. Method: an HTTP server on
// the threads of two shards, a raw client, frames by hand.
#include "gateway/shard_gateway.hpp"
#include "gateway/tls_http_client.hpp"

#include <holdfast/broker/gate.hpp>
#include <holdfast/gateway/address_limits.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/identity/directory.hpp>

#include <catch2/catch.hpp>

#include <mutex>
#include <optional>
#include <string>

using namespace holdfast;
using namespace std::chrono_literals;
using test::Client;
using test::TlsDoor;
using test::TlsHttpClient;

namespace {

constexpr std::string_view kOpening =
    "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: mqtt\r\n";
const std::string kConnack("\x82\x04\x20\x02\x00\x00", 6);

std::string frame(ByteView mqtt) {
    const Bytes bytes = test::client_frame(0x82, mqtt);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lets everybody in, and keeps what it was told.
class OpenGate final : public broker::Gate {
public:
    void admit(broker::Credentials credentials, Done done) override {
        {
            const std::lock_guard lock(mutex_);
            peer_ = credentials.peer;
        }
        access::Principal nobody = directory_->anonymous();
        access::Rights rights = directory_->policy().rights_of(nobody);
        broker::Admission admission{std::move(nobody), std::move(rights), 1};
        done(std::make_shared<const broker::Admission>(std::move(admission)));
    }
    std::shared_ptr<const broker::Admission> renew(const access::Principal&) override {
        return nullptr;
    }
    [[nodiscard]] std::uint64_t version() const noexcept override { return 1; }
    [[nodiscard]] broker::Peer peer() {
        const std::lock_guard lock(mutex_);
        return peer_;
    }

private:
    std::shared_ptr<const identity::Directory> directory_ = identity::Directory::open_to_all();
    std::mutex mutex_;
    broker::Peer peer_; // guarded by mutex_
};

struct Site {
    explicit Site(gateway::HttpDoor door = {}, std::size_t connections_max = 2,
                  gateway::AddressLimitSettings of_address = {})
        : addresses(of_address, shards.metrics) {
        gateway::add_mqtt_route(router);
        for (const auto& thread : shards.threads) {
            ios.push_back(&thread->io());
            threads.push_back(thread.get());
        }
        server = std::make_unique<gateway::HttpServer>(ios, router, shards.memory, shards.metrics);
        door.mqtt = {threads, connections_max,
                     std::make_shared<const broker::Door>(broker::Door{"http here", false}),
                     &addresses};
        REQUIRE(server->listen("127.0.0.1", 0, std::move(door)));
        server->start();
    }
    ~Site() { server->stop(200ms); }
    [[nodiscard]] std::size_t mqtt_connections() const {
        return threads[0]->connection_count() + threads[1]->connection_count();
    }

    OpenGate gate;
    test::ShardGateway shards{2, {}, &gate};
    gateway::AddressLimits addresses;
    gateway::Router router;
    std::vector<boost::asio::io_context*> ios;
    std::vector<gateway::ShardThread*> threads;
    std::unique_ptr<gateway::HttpServer> server;
};

void check_ping(Client& client) {
    client.write(frame(Bytes{std::byte{0xC0}, std::byte{0}}));
    CHECK(client.read_bytes(4) == std::string("\x82\x02\xD0\x00", 4));
}

} // namespace

TEST_CASE("a connection that opens a WebSocket is a shard's, with what it sent behind",
          "[gateway][http][ws]") {
    Site site;
    Client client(site.server->port());
    client.write(std::string(kOpening) + "\r\n" + frame(test::connect_packet("browser")));
    const auto answer = client.read(false);
    CHECK(answer.status == 101);
    CHECK(answer.has("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    CHECK(client.read_bytes(6) == kConnack);
    check_ping(client);
    CHECK(site.mqtt_connections() == 1);
    CHECK(test::comes_true([&] { return site.server->connection_count() == 0; }));
    CHECK(site.gate.peer().door->listener == "http here");
    CHECK(site.gate.peer().address.starts_with("127.0.0.1:"));
    site.server->stop(200ms); // HTTP's end is not MQTT's
    check_ping(client);
}

TEST_CASE("over TLS the session goes with the connection, and so does the certificate's name",
          "[gateway][http][ws][tls]") {
    const TlsDoor tls(gateway::ClientCertificates::asked);
    Site site(tls.door());
    TlsHttpClient client(site.server->port(), tls, true);
    REQUIRE(client.is_open());
    CHECK(client.get("/mqtt").status == 426); // and the connection goes on
    client.write(std::string(kOpening) + "\r\n" + frame(test::connect_packet("press")));
    CHECK(client.read(false).status == 101);
    CHECK(client.read_bytes(6) == kConnack);
    check_ping(client);
    CHECK(site.gate.peer().common_name == "press-7");
}

TEST_CASE("what does not open a WebSocket is told why, and gives nothing to a shard",
          "[gateway][http][ws]") {
    struct Row {
        const char* what;
        std::string bytes;
        unsigned status;
    };
    const std::string opening(kOpening);
    const auto row = GENERATE_COPY(values<Row>({
        {"no WebSocket", "GET /mqtt HTTP/1.1\r\nHost: localhost\r\n\r\n", 426},
        {"a page of another site", opening + "Origin: http://evil.example\r\n\r\n", 403},
        {"a page by another scheme", opening + "Origin: https://localhost\r\n\r\n", 403},
        {"a body", opening + "Content-Length: 1\r\n\r\nx", 400},
        {"another path", "GET /mqtt/ HTTP/1.1" + opening.substr(18) + "\r\n", 404},
        {"another method", "POST /mqtt HTTP/1.1" + opening.substr(18) + "\r\n", 405},
    }));
    CAPTURE(row.what);
    Site site;
    Client client(site.server->port());
    client.write(row.bytes);
    CHECK(client.read().status == row.status);
    CHECK(site.mqtt_connections() == 0);
    Client page(site.server->port());
    page.write(opening + "Origin: http://localhost\r\n\r\n");
    CHECK(page.read(false).status == 101);
}

TEST_CASE("where there are enough MQTT connections, a WebSocket is answered with 503",
          "[gateway][http][ws]") {
    Site site({}, 1);
    Client first(site.server->port());
    first.write(std::string(kOpening) + "\r\n");
    CHECK(first.read(false).status == 101);
    CHECK(test::comes_true([&] { return site.mqtt_connections() == 1; }));
    Client second(site.server->port());
    second.write(std::string(kOpening) + "\r\n");
    const auto answer = second.read();
    CHECK(answer.status == 503);
    CHECK(answer.has("Retry-After: 1"));
}

TEST_CASE("an address has no more WebSockets than MQTT connections, until one of them goes",
          "[gateway][http][ws]") {
    Site site({}, 10, {.connections_max = 1});
    const auto status = [](Client& client) {
        client.write(std::string(kOpening) + "\r\n");
        return client.read().status;
    };
    auto first = std::make_optional<Client>(site.server->port());
    CHECK(status(*first) == 101);
    CHECK(test::comes_true([&] { return site.mqtt_connections() == 1; }));
    Client second(site.server->port());
    CHECK(status(second) == 429);
    first.reset();
    CHECK(test::comes_true([&] { return status(second) == 101; }));
}
