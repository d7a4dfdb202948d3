#include <load/dial.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace holdfast::load {
namespace {

constexpr std::uint16_t kReceiveMaximumDefault = 65'535;

// A socket that is closed unless it is released.
class Socket {
public:
    explicit Socket(int number) noexcept : number_(number) {}
    ~Socket() {
        if (number_ >= 0) ::close(number_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    [[nodiscard]] int get() const noexcept { return number_; }
    int release() noexcept { return std::exchange(number_, -1); }

private:
    int number_;
};

Error io_error(std::string_view doing) {
    return fail(Errc::io, fmt::format("{}: {}", doing, std::strerror(errno)));
}

Result<void> write_all(int socket, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return io_error("send");
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return ok();
}

// Reads one packet byte by byte at its head, so that nothing behind it is taken.
Result<Packet> read_packet(int socket, Bytes& buffer) {
    constexpr std::size_t kPacketBytesMax = 65'536;
    buffer.clear();
    for (;;) {
        const Packet packet = front_packet(buffer.data(), buffer.size());
        if (packet.malformed || buffer.size() > kPacketBytesMax) {
            return fail(Errc::malformed, "the server sent a packet with a broken length");
        }
        if (packet.bytes > 0) return packet;
        std::byte next{};
        const ssize_t got = ::recv(socket, &next, 1, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_error("recv");
        if (got == 0) return fail(Errc::closed, "the server closed the connection");
        buffer.push_back(next);
    }
}

// How many bytes the value of a CONNACK property has (MQTT 5, table 2-4), 0: a length says.
std::size_t fixed_bytes(std::uint8_t property) {
    switch (property) {
        case 0x24: // maximum QoS
        case 0x25: // retain available
        case 0x28: // wildcard subscriptions available
        case 0x29: // subscription identifiers available
        case 0x2A: // shared subscriptions available
            return 1;
        case 0x13: // server keep alive
        case 0x22: // topic alias maximum
            return 2;
        case 0x11: // session expiry
        case 0x27: // maximum packet size
            return 4;
        default:
            return 0;
    }
}

Result<void> skip_property(ByteReader& reader, std::uint8_t property) {
    constexpr std::uint8_t kUserProperty = 0x26; // two strings
    if (const std::size_t size = fixed_bytes(property); size > 0) {
        HF_TRY(reader.take(size));
        return ok();
    }
    if (property == kUserProperty) {
        HF_TRY(reader.bytes_with_u16_length());
    }
    HF_TRY(reader.bytes_with_u16_length());
    return ok();
}

// Property 0x21, Receive Maximum, of a CONNACK's body (MQTT 5, 3.2.2.3.3).
Result<std::uint16_t> receive_maximum(ByteView connack_body) {
    constexpr std::uint8_t kReceiveMaximum = 0x21;
    ByteReader reader(connack_body.subspan(2));
    for (std::uint8_t length = 0x80; (length & 0x80U) != 0;) {
        HF_TRY(length, reader.u8());
    }
    while (!reader.empty()) {
        HF_TRY(const std::uint8_t id, reader.u8());
        if (id == kReceiveMaximum) return reader.u16_be();
        HF_TRY(skip_property(reader, id));
    }
    return kReceiveMaximumDefault;
}

Result<std::uint16_t> shake_hands(int socket, MqttVersion version, std::string_view client_id) {
    constexpr std::uint16_t kKeepAliveSeconds = 0; // an idle connection must stay idle
    HF_TRY(write_all(socket, make_connect(version, client_id, kKeepAliveSeconds)));
    Bytes buffer;
    HF_TRY(const Packet connack, read_packet(socket, buffer));
    if (connack.first != 0x20 || connack.body_bytes < 2) {
        return fail(Errc::malformed, "the server's answer to CONNECT is no CONNACK");
    }
    const auto code = std::to_integer<unsigned>(connack.body[1]);
    if (code != 0) {
        return fail(Errc::denied, fmt::format("CONNECT of {} refused, code {}", client_id, code));
    }
    if (version != MqttVersion::v5) return kReceiveMaximumDefault;
    return receive_maximum(ByteView(connack.body, connack.body_bytes));
}

Result<void> subscribe(int socket, MqttVersion version, std::string_view filter, unsigned qos) {
    HF_TRY(write_all(socket, make_subscribe(version, filter, qos)));
    Bytes buffer;
    HF_TRY(const Packet suback, read_packet(socket, buffer));
    if (suback.first != 0x90 || suback.body_bytes < 3) {
        return fail(Errc::malformed, "the server's answer to SUBSCRIBE is no SUBACK");
    }
    const auto code = std::to_integer<unsigned>(suback.body[suback.body_bytes - 1]);
    if (code != qos) {
        return fail(Errc::denied,
                    fmt::format("SUBSCRIBE {} with QoS {} answered with {}", filter, qos, code));
    }
    return ok();
}

} // namespace

Result<int> dial_tcp(const Endpoint& endpoint) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string where = fmt::format("{}:{}", endpoint.host, endpoint.port);
    if (const int code = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(),
                                       &hints, &found);
        code != 0) {
        return fail(Errc::io, fmt::format("{}: {}", where, ::gai_strerror(code)));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
    Socket socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) return io_error("socket");
    const timeval patience{10, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(socket.get(), found->ai_addr, found->ai_addrlen) != 0) {
        return io_error(fmt::format("connect to {}", where));
    }
    return socket.release();
}

Result<Session> dial_mqtt(const Endpoint& endpoint, MqttVersion version, std::string_view client_id,
                          std::string_view filter, unsigned filter_qos) {
    HF_TRY(const int number, dial_tcp(endpoint));
    Socket socket(number);
    Session session;
    HF_TRY(session.receive_maximum, shake_hands(socket.get(), version, client_id));
    if (!filter.empty()) {
        HF_TRY(subscribe(socket.get(), version, filter, filter_qos));
    }
    if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0) return io_error("fcntl");
    session.socket = socket.release();
    return session;
}

} // namespace holdfast::load
