// Goal: the server as a whole keeps its promises to its clients while it is stopped and while
// others misbehave. Method: the program itself, sockets that send what they should not, and one
// healthy client beside them.
#include "app/log_audit.hpp"
#include "app/site.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/mqtt/ack.hpp>
#include <holdfast/mqtt/publish.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <system_error>

using namespace holdfast;
using namespace holdfast::test;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: error
shards: 2
mqtt: {packet_bytes_max: 100000}
streams:
  telemetry: {partitions: 4}
  loose: {partitions: 2, durability: os}
  counts: {partitions: 2}
bridge:
  - {topic: "fleet/{device}/telemetry", stream: telemetry, device: "{device}"}
  - {topic: "loose/{device}/telemetry", stream: loose, device: "{device}"}
)";

// A client that publishes to itself: all is well as long as what it sent comes back, once.
class HealthyClient {
public:
    explicit HealthyClient(std::uint16_t port) : socket_(port) {
        REQUIRE(socket_.connect("healthy", mqtt::Version::v5));
        REQUIRE(socket_.subscribe("fleet/healthy/telemetry", mqtt::Qos::at_least_once));
    }
    void check() {
        const std::string payload = fmt::format("message {}", ++count_);
        REQUIRE(socket_.publish("fleet/healthy/telemetry", payload, mqtt::Qos::at_least_once, 7));
        bool is_acknowledged = false;
        bool is_delivered = false;
        while (!is_acknowledged || !is_delivered) {
            const auto packet = socket_.next();
            REQUIRE(packet);
            if (packet->type == mqtt::PacketType::puback) {
                REQUIRE_FALSE(is_acknowledged);
                is_acknowledged = true;
                continue;
            }
            REQUIRE(packet->type == mqtt::PacketType::publish);
            REQUIRE_FALSE(is_delivered);
            take_publish(*packet, payload);
            is_delivered = true;
        }
    }

private:
    void take_publish(const Packet& packet, const std::string& payload) {
        const auto publish = mqtt::decode_publish(packet.flags, packet.body, mqtt::Version::v5);
        REQUIRE(publish);
        REQUIRE(as_text(publish.value().payload) == payload);
        mqtt::Ack ack;
        ack.packet_id = publish.value().packet_id;
        Bytes out;
        mqtt::encode_ack(out, ack, mqtt::Version::v5);
        REQUIRE(socket_.write(out));
    }

    MqttSocket socket_;
    int count_ = 0;
};

// Sockets only: the database opens and closes files as it likes.
std::size_t count_sockets(pid_t pid) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid))) {
        std::error_code gone; // it may be closed by now
        const auto target = std::filesystem::read_symlink(entry.path(), gone);
        if (target.string().starts_with("socket:")) ++count;
    }
    return count;
}

Bytes bytes_of(std::initializer_list<int> values) {
    Bytes bytes;
    for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

// One good packet of every type, as a client (or a confused server) would send it in MQTT 5.
const std::vector<Bytes>& good_packets() {
    static const std::vector<Bytes> packets{
        bytes_of({0x10, 16, 0, 4, 'M', 'Q', 'T', 'T', 5, 2, 0, 60, 0, 0, 3, 'b', 'a', 'd'}),
        bytes_of({0x20, 3, 0, 0, 0}),
        bytes_of({0x32, 8, 0, 1, 'x', 0, 5, 0, 'h', 'i'}),
        bytes_of({0x40, 4, 0, 5, 0x10, 0}),
        bytes_of({0x50, 4, 0, 5, 0, 0}),
        bytes_of({0x62, 4, 0, 5, 0x92, 0}),
        bytes_of({0x70, 4, 0, 5, 0, 0}),
        bytes_of({0x82, 7, 0, 9, 0, 0, 1, '#', 1}),
        bytes_of({0x90, 4, 0, 9, 0, 1}),
        bytes_of({0xA2, 6, 0, 9, 0, 0, 1, '#'}),
        bytes_of({0xB0, 4, 0, 9, 0, 0}),
        bytes_of({0xC0, 0}),
        bytes_of({0xD0, 0}),
        bytes_of({0xE0, 2, 4, 0}),
        bytes_of({0xF0, 2, 0, 0}),
    };
    return packets;
}

enum class Moment : std::uint8_t { before_connect, after_connect };

std::unique_ptr<MqttSocket> open_socket(std::uint16_t port, Moment moment) {
    auto socket = std::make_unique<MqttSocket>(port);
    REQUIRE(socket->socket().is_open());
    if (moment == Moment::after_connect) REQUIRE(socket->connect("bad", mqtt::Version::v5));
    return socket;
}

// Reads all that the server has to say to it; true where it then hung up.
bool hangs_up(MqttSocket& socket) {
    while (socket.next()) {}
    return !socket.socket().is_quiet(0);
}

} // namespace

TEST_CASE("what was acknowledged before SIGTERM is in the log", "[app][server]") {
    set_log_level(LogLevel::error);
    const Site site(kConfig);
    Fleet fleet(6, 3);
    for (int round = 0; round < 3; ++round) {
        CAPTURE(round);
        const auto server = site.start();
        fleet.run(ports_of(*server));
        REQUIRE(fleet.wait_for_acknowledged(500));
        server->signal(round % 2 == 0 ? SIGTERM : SIGINT);
        CHECK(server->wait() == 0);
        fleet.join();
        CHECK(server->errors() == "");
        const auto audit = audit_log(site.data_dir(), fleet, 1'000);
        CHECK(audit.faults == std::vector<std::string>{});
        CHECK(audit.records >= fleet.acknowledged());
    }
}

TEST_CASE("clients that do nothing do not hold up a stop", "[app][server]") {
    const Site site(kConfig);
    const auto server = site.start();
    MqttSocket silent(server->port("mqtt")); // never says CONNECT
    MqttSocket deaf(server->port("mqtt"));   // never reads what it subscribed to
    REQUIRE(deaf.connect("deaf", mqtt::Version::v5));
    REQUIRE(deaf.subscribe("fleet/#", mqtt::Qos::at_most_once));
    MqttSocket half(server->port("mqtt")); // in the middle of a packet
    REQUIRE(half.connect("half", mqtt::Version::v311));
    REQUIRE(half.write(bytes_of({0x30, 100, 0, 1})));
    Socket idle(server->port("http"));
    REQUIRE(http_get(idle, "/healthz").status == 200);
    Socket slow(server->port("http")); // in the middle of a request
    REQUIRE(slow.write(as_bytes("POST /api/v1/publish/a HTTP/1.1\r\nContent-Length: 9\r\n\r\nx")));
    Socket waiting(server->port("http")); // for a record that does not come
    REQUIRE(
        waiting.write(as_bytes("GET /api/v1/streams/telemetry/records?partition=0&offset=0"
                               "&wait_ms=30000 HTTP/1.1\r\nHost: localhost\r\n\r\n")));
    MqttSocket loud(server->port("mqtt"));
    REQUIRE(loud.connect("loud", mqtt::Version::v311));
    const std::string payload(50'000, 'x');
    for (std::uint16_t i = 1; i <= 200; ++i) // more than a socket of `deaf` takes
        REQUIRE(loud.publish("fleet/loud/telemetry", payload, mqtt::Qos::at_least_once, i));
    for (int i = 1; i <= 200; ++i) REQUIRE(loud.next());

    const auto before = std::chrono::steady_clock::now();
    server->signal(SIGTERM);
    CHECK(server->wait() == 0);
    CHECK(server->errors() == "");
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(8));
}

TEST_CASE("packets cut short disturb nobody", "[app][server]") {
    const Site site(kConfig);
    const auto server = site.start();
    HealthyClient healthy(server->port("mqtt"));
    const auto moment = GENERATE(Moment::before_connect, Moment::after_connect);
    for (const Bytes& packet : good_packets()) {
        for (std::size_t length = 1; length < packet.size(); ++length) {
            const auto socket = open_socket(server->port("mqtt"), moment);
            CHECK(socket->write(ByteView(packet).first(length)));
        } // hung up in the middle of it
        healthy.check();
    }
    CHECK(server->is_running());
}

TEST_CASE("packets that lie about their length close their own connection", "[app][server]") {
    const Site site(kConfig);
    const auto server = site.start();
    HealthyClient healthy(server->port("mqtt"));
    const auto moment = GENERATE(Moment::before_connect, Moment::after_connect);
    for (const Bytes& packet : good_packets()) {
        CAPTURE(std::to_integer<int>(packet[0]));
        Bytes cut = packet; // the length is right, what is in it ends too early
        cut.pop_back();
        if (cut.size() >= 2) cut[1] = static_cast<std::byte>(cut.size() - 2);
        Bytes oversized{packet[0]}; // 268,435,455 bytes to come
        for (const int value : {0xFF, 0xFF, 0xFF, 0x7F})
            oversized.push_back(static_cast<std::byte>(value));
        Bytes endless{packet[0]}; // a length of five bytes
        for (int i = 0; i < 5; ++i) endless.push_back(std::byte{0xFF});
        for (const Bytes& bad : {oversized, endless}) {
            const auto socket = open_socket(server->port("mqtt"), moment);
            CHECK(socket->write(bad));
            CHECK(hangs_up(*socket));
        }
        if (packet.size() > 2) {
            const auto socket = open_socket(server->port("mqtt"), moment);
            socket->write(cut);
            // Whether what is left happens to make sense depends on the type: no claim but this.
            socket->write(bytes_of({0x00, 0x00})); // type 0 is reserved
            CHECK(hangs_up(*socket));
        }
        healthy.check();
    }
    CHECK(server->is_running());
}

TEST_CASE("packets of noise disturb nobody", "[app][server]") {
    const Site site(kConfig);
    const auto server = site.start();
    HealthyClient healthy(server->port("mqtt"));
    const auto seed = std::random_device{}() % 100'000;
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
    };
    for (const Bytes& packet : good_packets()) {
        CAPTURE(std::to_integer<int>(packet[0]));
        for (int i = 0; i < 30; ++i) {
            const auto moment = i % 3 == 0 ? Moment::before_connect : Moment::after_connect;
            const auto socket = open_socket(server->port("mqtt"), moment);
            Bytes noise = packet;
            for (std::size_t flips = below(3) + 1; flips > 0; --flips)
                noise[below(noise.size())] = static_cast<std::byte>(below(256));
            if (i % 2 == 0) // a length that is right for noise of any size
                for (std::size_t more = below(100); more > 0 && noise.size() < 127; --more)
                    noise.push_back(static_cast<std::byte>(below(256)));
            if (i % 2 == 0) noise[1] = static_cast<std::byte>(noise.size() - 2);
            socket->write(noise);
            socket->write(bytes_of({0x00, 0x00}));
        }
        healthy.check();
    }
    CHECK(server->is_running());
    CHECK(server->errors() == "");
}

TEST_CASE("a thousand connections that come and go leave nothing behind", "[app][server]") {
    const Site site(kConfig);
    const auto server = site.start();
    HealthyClient healthy(server->port("mqtt"));
    healthy.check();
    Socket http(server->port("http"));
    REQUIRE(metric(http, "holdfast_mqtt_clients") == 1);
    const std::size_t before = count_sockets(server->pid());
    const auto queued_before = metric(http, "holdfast_queued_bytes"); // what is taken at the start
    {
        std::vector<std::unique_ptr<MqttSocket>> sockets;
        for (int i = 0; i < 1'000; ++i) {
            sockets.push_back(std::make_unique<MqttSocket>(server->port("mqtt")));
            REQUIRE(sockets.back()->socket().is_open());
            if (i % 2 == 0)
                REQUIRE(sockets.back()->connect(fmt::format("c-{}", i), mqtt::Version::v311));
            if (i % 4 == 0) REQUIRE(sockets.back()->subscribe("fleet/#", mqtt::Qos::at_most_once));
            if (i % 3 == 0) sockets.back()->socket().reset_on_close();
        }
        healthy.check();
        CHECK(metric(http, "holdfast_mqtt_clients") == 501);
    }
    // Each look is a request that the server answers: bounded in number, no time assumed.
    int looks = 0;
    const auto is_over = [&] { // what is queued counts what is on its way at the moment, too
        return metric(http, "holdfast_mqtt_clients") == 1 &&
               count_sockets(server->pid()) <= before &&
               metric(http, "holdfast_queued_bytes") == queued_before;
    };
    while (!is_over() && ++looks < 20'000) {}
    CHECK(metric(http, "holdfast_mqtt_clients") == 1);
    CHECK(metric(http, "holdfast_mqtt_subscriptions") == 1);
    CHECK(looks < 20'000);
    CHECK(count_sockets(server->pid()) == before);
    healthy.check();
}

TEST_CASE("more connections than the system's open files do not reach the log", "[app][server]") {
    const Site site(kConfig);
    std::string limited = "ulimit -n 200; exec " HOLDFAST_PROGRAM;
    for (const std::string& argument : site.serve_arguments()) limited += " '" + argument + "'";
    Child server({"/bin/sh", "-c", limited});
    REQUIRE(server.wait_for_output("ready\n"));
    const auto port = port_in(server.output(), "mqtt");
    HealthyClient healthy(port);
    std::vector<std::unique_ptr<Socket>> crowd;
    for (int i = 0; i < 300; ++i) {
        crowd.push_back(std::make_unique<Socket>(port));
        crowd.push_back(std::make_unique<Socket>(port_in(server.output(), "http")));
    }
    healthy.check(); // makes the first file of the log's slice
    healthy.check();
    server.signal(SIGTERM);
    CHECK(server.wait() == 0);
}

TEST_CASE("a reader of the output who goes does not end the server", "[app][server]") {
    const Site site(kConfig);
    const auto server = site.start();
    HealthyClient healthy(server->port("mqtt"));
    server->signal(SIGPIPE);
    healthy.check();
    server->signal(SIGTERM);
    CHECK(server->wait() == 0);
}
