#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/mqtt/connect.hpp>
#include <holdfast/mqtt/frame.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::test {

// A blocking TCP connection to a port of 127.0.0.1. A peer that hung up is ordinary here: calls
// return false. One thread.
class Socket {
public:
    explicit Socket(std::uint16_t port);
    ~Socket();
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
    bool write(ByteView bytes);
    // Appends what has come to `input`, after waiting at most `patience_ms` for it. False where
    // the connection has ended or nothing came in that time.
    bool read(Bytes& input, int patience_ms = 30'000);
    // True where nothing came in that time and the connection still stands.
    [[nodiscard]] bool is_quiet(int patience_ms);
    // From now on closing it means RST, and the peer loses what it has not read.
    void reset_on_close();
    void close();

private:
    int descriptor_ = -1;
};

// A packet as it came, with a copy of its body.
struct Packet {
    mqtt::PacketType type{};
    std::uint8_t flags = 0;
    Bytes body;
};

// An MQTT connection without opinions: what is written is what the test says.
class MqttSocket {
public:
    explicit MqttSocket(std::uint16_t port) : socket_(port) {}

    // Sends CONNECT and reads CONNACK: true where the server took the client in.
    bool connect(const std::string& client_id, mqtt::Version version);
    bool write(ByteView bytes) { return socket_.write(bytes); }
    // The next packet; none where the connection ended (or nothing came for long).
    std::optional<Packet> next();
    bool subscribe(const std::string& filter, mqtt::Qos qos);
    bool publish(const std::string& topic, const std::string& payload, mqtt::Qos qos,
                 std::uint16_t packet_id, bool duplicate = false);

    [[nodiscard]] mqtt::Version version() const noexcept { return version_; }
    [[nodiscard]] Socket& socket() noexcept { return socket_; }

private:
    Socket socket_;
    Bytes input_;
    std::size_t taken_ = 0; // bytes of `input_` that next() has given out
    mqtt::Version version_ = mqtt::Version::v5;
};

struct HttpAnswer {
    int status = 0; // 0: the connection ended without a whole answer
    std::string body;
};
// One request over an open connection, which stays open.
[[nodiscard]] HttpAnswer http_send(Socket& socket, const std::string& request);
[[nodiscard]] HttpAnswer http_post(Socket& socket, const std::string& target,
                                   const std::string& content_type, const std::string& body);
[[nodiscard]] HttpAnswer http_get(Socket& socket, const std::string& target);
// The value of a metric without labels at the server's /metrics; -1 where there is none.
[[nodiscard]] long metric(Socket& socket, const std::string& name);

} // namespace holdfast::test
