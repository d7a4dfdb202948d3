// Goal: a shard's thread moves bytes between sockets and its shard faithfully: what one connection
// says is never mixed with another's, nor with what a socket still has to take. Method: a whole
// ShardThread over a log in a temporary directory, its sockets one end of socket pairs.

#include <holdfast/gateway/mqtt/shard_thread.hpp>

#include <holdfast/log/log.hpp>
#include <holdfast/mqtt/connect.hpp>
#include <holdfast/mqtt/frame.hpp>
#include <holdfast/mqtt/publish.hpp>
#include <holdfast/mqtt/subscribe.hpp>
#include <support/temp_dir.hpp>

#include <catch2/catch.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <future>
#include <memory>
#include <string>
#include <support/keyspaces.hpp>
#include <vector>

namespace holdfast::test {
namespace {

using mqtt::PacketType;

// The client's end of a connection. Its socket blocks.
class Peer {
public:
    explicit Peer(gateway::ShardThread& thread, int send_buffer_bytes = 0) {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
        fd_ = ends[0];
        if (send_buffer_bytes != 0) // of the server's end: how much it gets rid of unread
            ::setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &send_buffer_bytes, sizeof(int));
        thread.adopt(ends[1], {"a socket pair"});
    }
    ~Peer() { ::close(fd_); }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    void send(const Bytes& bytes) const {
        REQUIRE(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
    }
    // The types of the next packets until `last`, or none more where the connection ends first.
    std::vector<PacketType> read_until(PacketType last) {
        std::vector<PacketType> types;
        for (;;) {
            const mqtt::Frame frame = mqtt::next_frame(unread_, UINT32_MAX);
            if (frame.status == mqtt::FrameStatus::whole) {
                types.push_back(static_cast<PacketType>(frame.first_byte >> 4U));
                last_body_.assign(frame.body.begin(), frame.body.end());
                unread_.erase(unread_.begin(),
                              unread_.begin() + static_cast<std::ptrdiff_t>(frame.size_bytes));
                if (types.back() == last) return types;
            } else if (!receive()) {
                return types;
            }
        }
    }
    [[nodiscard]] const Bytes& last_body() const { return last_body_; }

private:
    bool receive() {
        constexpr int kPatienceMs = 10'000;
        pollfd waiting{fd_, POLLIN, 0};
        REQUIRE(::poll(&waiting, 1, kPatienceMs) == 1);
        std::array<std::byte, 4096> some{};
        const ssize_t count = ::recv(fd_, some.data(), some.size(), 0);
        if (count > 0) unread_.insert(unread_.end(), some.begin(), some.begin() + count);
        return count > 0;
    }

    int fd_ = -1;
    Bytes unread_;
    Bytes last_body_;
};

broker::Bridge events_only() {
    const std::vector<broker::RouteSettings> routes{{"#", "events", ""}};
    return broker::Bridge::make(routes).value();
}

struct Gateway {
    Gateway() {
        log::StreamSettings settings;
        settings.name = "events";
        REQUIRE(log->create_stream(settings));
        broker.add_port(thread);
        thread.start();
    }
    ~Gateway() { thread.stop(std::chrono::seconds(5)); }
    std::unique_ptr<log::Log> open() {
        auto opened = log::Log::open(
            {.directory = dir.path() / "log", .keyspaces = test::all_keyspaces()}, clock, metrics);
        REQUIRE(opened);
        return std::move(opened).value();
    }
    // What `act` does comes to the shard's thread as one.
    template <class Act>
    void at_once(Act act) {
        std::promise<void> is_held;
        std::promise<void> goes_on;
        thread.post([&is_held, end = goes_on.get_future().share()](broker::Shard&) {
            is_held.set_value();
            end.wait();
        });
        is_held.get_future().wait();
        act();
        goes_on.set_value();
    }

    TempDir dir;
    SystemClock clock;
    Metrics metrics;
    MemoryAccount memory{64U << 20U};
    std::unique_ptr<log::Log> log = open();
    broker::Broker broker{{}, events_only(), *log, clock, memory, metrics};
    gateway::ShardThread thread{0, broker};
};

Bytes connect_packet(std::string_view client_id, bool clean = true) {
    mqtt::Connect packet;
    packet.version = mqtt::Version::v311;
    packet.client_id = client_id;
    packet.clean_start = clean;
    Bytes out;
    mqtt::encode_connect(out, packet);
    return out;
}

void add_publish(Bytes& out, std::string_view payload, std::uint16_t packet_id) {
    mqtt::Publish packet;
    packet.topic = "t";
    packet.payload = as_bytes(payload);
    packet.packet_id = packet_id;
    packet.qos = packet_id == 0 ? mqtt::Qos::at_most_once : mqtt::Qos::at_least_once;
    mqtt::encode_publish(out, packet, mqtt::Version::v311);
}

Bytes subscribe_packet(mqtt::Qos qos) {
    mqtt::Subscribe packet;
    packet.packet_id = 1;
    packet.requests.push_back({"#", qos, false, false, 0});
    Bytes out;
    mqtt::encode_subscribe(out, packet, mqtt::Version::v311);
    return out;
}

std::string payload_of(const Bytes& publish_body) {
    return std::string(
        as_text(mqtt::decode_publish(0x02, publish_body, mqtt::Version::v311).value().payload));
}

} // namespace

TEST_CASE("a take-over hears the new connection alone, whatever the old one still sends",
          "[gateway][shard]") {
    Gateway gateway;
    Peer old(gateway.thread);
    old.send(connect_packet("car", false));
    old.read_until(PacketType::connack);
    Peer fresh(gateway.thread);
    Bytes greeting = connect_packet("car", false);
    add_publish(greeting, "mine", 7);
    gateway.at_once([&] {
        fresh.send(greeting); // first, so that its bytes are handled before the old one's are read
        old.send(Bytes(64 * 1024, std::byte{0xFF}));
    });
    CHECK(fresh.read_until(PacketType::puback) ==
          std::vector{PacketType::connack, PacketType::puback});
    CHECK(fresh.last_body() == Bytes{std::byte{0}, std::byte{7}});
}

TEST_CASE("what a socket does not take at once follows in order, whole", "[gateway][shard]") {
    Gateway gateway;
    Peer reader(gateway.thread, 4096);
    reader.send(connect_packet("reader"));
    reader.read_until(PacketType::connack);
    reader.send(subscribe_packet(mqtt::Qos::at_least_once));
    reader.read_until(PacketType::suback);
    Peer writer(gateway.thread);
    writer.send(connect_packet("writer"));
    writer.read_until(PacketType::connack);
    constexpr std::uint16_t kMessages = 400;
    for (std::uint16_t i = 1; i <= kMessages; ++i) {
        Bytes packet;
        add_publish(packet, std::to_string(i) + std::string(1000, 'x'), i);
        writer.send(packet);
        writer.read_until(PacketType::puback); // so the reader's socket is full long before the end
    }
    for (std::uint16_t i = 1; i <= kMessages; ++i) {
        REQUIRE(reader.read_until(PacketType::publish).size() == 1);
        REQUIRE(payload_of(reader.last_body()) == std::to_string(i) + std::string(1000, 'x'));
    }
}

TEST_CASE("a client that is closed reads what it was told before", "[gateway][shard]") {
    Gateway gateway;
    Peer client(gateway.thread);
    Bytes both = connect_packet("client");
    add_publish(both, "kept", 1);
    client.send(both);
    CHECK(client.read_until(PacketType::puback).size() == 2);
    client.send(connect_packet("client"));                    // a second CONNECT: a mistake
    CHECK(client.read_until(PacketType::disconnect).empty()); // MQTT 3 knows no word for it
}

} // namespace holdfast::test
