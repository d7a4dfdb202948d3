#include <holdfast/base/bytes.hpp>
#include <holdfast/mqtt/connack.hpp>
#include <holdfast/mqtt/connect.hpp>
#include <holdfast/mqtt/frame.hpp>
#include <holdfast/mqtt/subscribe.hpp>
#include <load/dial.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace holdfast::load {
namespace {

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

// Reads one packet of type `wanted` into `buffer`, byte by byte, so that nothing behind it is
// taken, and gives its body.
Result<ByteView> read_packet(int socket, mqtt::PacketType wanted, Bytes& buffer) {
    constexpr std::uint32_t kPacketBytesMax = 65'536;
    buffer.clear();
    for (;;) {
        const mqtt::Frame frame = mqtt::next_frame(buffer, kPacketBytesMax);
        if (frame.status == mqtt::FrameStatus::whole) {
            if (frame.first_byte >> 4U == static_cast<unsigned>(wanted)) return frame.body;
            return fail(Errc::malformed,
                        fmt::format("the server sent packet 0x{:02x} unasked", frame.first_byte));
        }
        if (frame.status != mqtt::FrameStatus::incomplete) {
            return fail(Errc::malformed, "the server sent a packet with a broken length");
        }
        std::byte next{};
        const ssize_t got = ::recv(socket, &next, 1, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_error("recv");
        if (got == 0) return fail(Errc::closed, "the server closed the connection");
        buffer.push_back(next);
    }
}

Result<std::uint16_t> shake_hands(int socket, mqtt::Version version, std::string_view client_id) {
    mqtt::Connect connect; // keep alive 0: an idle connection must stay idle
    connect.version = version;
    connect.client_id = client_id;
    Bytes buffer;
    mqtt::encode_connect(buffer, connect);
    HF_TRY(write_all(socket, buffer));
    HF_TRY(const ByteView body, read_packet(socket, mqtt::PacketType::connack, buffer));
    HF_TRY(const mqtt::Connack connack, mqtt::decode_connack(body, version));
    const unsigned code =
        version == mqtt::Version::v5 ? static_cast<unsigned>(connack.reason) : connack.return_code;
    if (code != 0) {
        return fail(Errc::denied, fmt::format("CONNECT of {} refused, code {}", client_id, code));
    }
    return connack.properties.receive_maximum.value_or(65'535);
}

Result<void> subscribe(int socket, mqtt::Version version, std::string_view filter, unsigned qos) {
    mqtt::Subscribe request;
    request.packet_id = 1;
    mqtt::SubscriptionRequest wanted;
    wanted.filter = filter;
    wanted.qos = static_cast<mqtt::Qos>(qos);
    request.requests.push_back(wanted);
    Bytes buffer;
    mqtt::encode_subscribe(buffer, request, version);
    HF_TRY(write_all(socket, buffer));
    HF_TRY(const ByteView body, read_packet(socket, mqtt::PacketType::suback, buffer));
    HF_TRY(const mqtt::SubscribeAnswer answer, mqtt::decode_suback(body, version));
    const unsigned code =
        answer.reasons.empty() ? 0x80U : static_cast<unsigned>(answer.reasons.front());
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

Result<Session> dial_mqtt(const Endpoint& endpoint, mqtt::Version version,
                          std::string_view client_id, std::string_view filter,
                          unsigned filter_qos) {
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
