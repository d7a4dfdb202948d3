#include "app/socket.hpp"

#include <holdfast/mqtt/connack.hpp>
#include <holdfast/mqtt/publish.hpp>
#include <holdfast/mqtt/subscribe.hpp>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace holdfast::test {

Socket::Socket(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        close();
        return;
    }
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval patience{30, 0}; // a server that stopped reading shows as an error, not a hang
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

Socket::~Socket() {
    close();
}

void Socket::reset_on_close() {
    const linger at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Socket::close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

bool Socket::write(ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Socket::read(Bytes& input, int patience_ms) {
    pollfd ready{descriptor_, POLLIN, 0};
    if (!is_open() || ::poll(&ready, 1, patience_ms) != 1) return false;
    const std::size_t before = input.size();
    input.resize(before + 65'536);
    const ssize_t got = ::recv(descriptor_, input.data() + before, input.size() - before, 0);
    input.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
    return got > 0;
}

bool Socket::is_quiet(int patience_ms) {
    pollfd ready{descriptor_, POLLIN, 0};
    return is_open() && ::poll(&ready, 1, patience_ms) == 0;
}

bool MqttSocket::connect(const std::string& client_id, mqtt::Version version) {
    version_ = version;
    mqtt::Connect connect;
    connect.version = version;
    connect.client_id = client_id;
    Bytes out;
    mqtt::encode_connect(out, connect);
    if (!write(out)) return false;
    const auto answer = next();
    if (!answer || answer->type != mqtt::PacketType::connack) return false;
    const auto connack = mqtt::decode_connack(answer->body, version);
    return connack && connack.value().reason == mqtt::ReasonCode::success &&
           connack.value().return_code == 0;
}

std::optional<Packet> MqttSocket::next() {
    for (;;) {
        const auto frame = mqtt::next_frame(ByteView(input_).subspan(taken_), 1U << 24U);
        if (frame.status == mqtt::FrameStatus::whole) {
            taken_ += frame.size_bytes;
            return Packet{static_cast<mqtt::PacketType>(frame.first_byte >> 4U),
                          static_cast<std::uint8_t>(frame.first_byte & 0x0FU),
                          Bytes(frame.body.begin(), frame.body.end())};
        }
        input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(taken_));
        taken_ = 0;
        if (!socket_.read(input_)) return std::nullopt;
    }
}

bool MqttSocket::subscribe(const std::string& filter, mqtt::Qos qos) {
    mqtt::Subscribe subscribe;
    subscribe.packet_id = 1;
    subscribe.requests.push_back({.filter = filter, .qos = qos});
    Bytes out;
    mqtt::encode_subscribe(out, subscribe, version_);
    if (!write(out)) return false;
    const auto answer = next();
    if (!answer || answer->type != mqtt::PacketType::suback) return false;
    const auto suback = mqtt::decode_suback(answer->body, version_);
    return suback && static_cast<unsigned>(suback.value().reasons.at(0)) < 0x80;
}

bool MqttSocket::publish(const std::string& topic, const std::string& payload, mqtt::Qos qos,
                         std::uint16_t packet_id, bool duplicate) {
    mqtt::Publish publish;
    publish.topic = topic;
    publish.payload = as_bytes(payload);
    publish.qos = qos;
    publish.packet_id = packet_id;
    publish.duplicate = duplicate;
    Bytes out;
    mqtt::encode_publish(out, publish, version_);
    return write(out);
}

HttpAnswer http_post(Socket& socket, const std::string& target, const std::string& content_type,
                     const std::string& body) {
    return http_send(
        socket, "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + content_type +
                    "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

HttpAnswer http_get(Socket& socket, const std::string& target) {
    return http_send(socket, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

long metric(Socket& socket, const std::string& name) {
    const auto answer = http_get(socket, "/metrics");
    const auto at = answer.body.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::atol(answer.body.c_str() + at + name.size() + 2);
}

HttpAnswer http_send(Socket& socket, const std::string& request) {
    HttpAnswer answer;
    if (!socket.write(as_bytes(request))) return answer;
    constexpr std::string_view kLength = "Content-Length: ";
    Bytes input;
    while (socket.read(input)) {
        const auto text = as_text(input);
        const auto head_end = text.find("\r\n\r\n");
        if (head_end == std::string_view::npos) continue;
        const auto length_at = text.substr(0, head_end).find(kLength);
        std::size_t length = 0; // a 204 has none
        if (length_at != std::string_view::npos)
            std::from_chars(text.data() + length_at + kLength.size(), text.data() + head_end,
                            length);
        if (text.size() < head_end + 4 + length) continue;
        answer.status = std::atoi(std::string(text.substr(9, 3)).c_str());
        answer.body = text.substr(head_end + 4, length);
        return answer;
    }
    return answer;
}

} // namespace holdfast::test
