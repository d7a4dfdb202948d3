#include "gateway/mqtt/layers.hpp"

#include <sys/socket.h>
#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace holdfast::gateway {
namespace {

// Of one connection, before others have their turn.
constexpr std::size_t kReadBytesMax = 64 * 1024;
// In what is read at once, as for PINGREQ: so many are no sign of life but a flood.
constexpr int kPingsAtOnceMax = 256;

} // namespace

void Layers::end_by_peer(std::string_view why) {
    is_peer_gone_ = true;
    end_ = why;
}

std::size_t Layers::receive(int fd, std::span<std::byte> buffer) {
    assert(buffer.size() >= Layers::kChunkBytes);
    if (!end_.empty()) return 0;
    buffer = buffer.first(std::min(buffer.size(), kReadBytesMax));
    awaits_room_ = false;
    has_more_ = false;
    std::size_t count = 0;
    if (!unread_.empty()) {
        count = std::min(unread_.size(), buffer.size());
        std::copy_n(unread_.begin(), count, buffer.begin());
        unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(count));
        if (unread_.empty()) unread_ = Bytes();
        has_more_ = true; // the TLS session, too, may hold what no descriptor shows
    } else {
        count = tls_ ? read_tls(buffer) : read_socket(fd, buffer);
    }
    return frames_ ? unframe(buffer.first(count)) : count;
}

std::size_t Layers::read_socket(int fd, std::span<std::byte> buffer) {
    const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0)
        end_by_peer("the peer closed the connection");
    else if (errno != EAGAIN && errno != EINTR)
        end_by_peer(std::strerror(errno));
    return 0;
}

// Always with room for a whole record, so that the session keeps none of what it has deciphered:
// what is left after the bound lies in the socket, which shows it.
std::size_t Layers::read_tls(std::span<std::byte> buffer) {
    std::size_t count = 0;
    while (buffer.size() - count >= kChunkBytes) {
        const TlsSession::Outcome outcome = tls_->read(buffer.subspan(count));
        if (outcome.status == TlsSession::Status::done) {
            count += outcome.bytes;
            continue;
        }
        awaits_room_ = outcome.status == TlsSession::Status::wants_write;
        if (outcome.status == TlsSession::Status::closed)
            end_by_peer("the peer closed the connection");
        if (outcome.status == TlsSession::Status::failed) end_by_peer(tls_->error());
        break;
    }
    return count;
}

// Leaves of `bytes` what is MQTT's, at its beginning.
std::size_t Layers::unframe(std::span<std::byte> bytes) {
    std::size_t kept = 0;
    int pings = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t used = 0;
        ws::Event event = frames_->read(bytes.subspan(at), used);
        if (std::holds_alternative<ws::Ping>(event) && ++pings > kPingsAtOnceMax)
            event = ws::Violation{ws::CloseCode::policy_violation, "a flood of pings"};
        at += used;
        if (const auto* data = std::get_if<ws::Data>(&event)) {
            std::memmove(bytes.data() + kept, data->bytes.data(), data->bytes.size());
            kept += data->bytes.size();
        } else if (const auto* ping = std::get_if<ws::Ping>(&event)) {
            pong_ = ws::pong_frame(ping->payload);
        } else if (const auto* close = std::get_if<ws::Close>(&event)) {
            close_code_ = close->code == 0 ? ws::CloseCode::normal : ws::CloseCode{close->code};
            end_ = "the peer closed the WebSocket";
            return kept;
        } else if (const auto* violation = std::get_if<ws::Violation>(&event)) {
            close_code_ = violation->code;
            end_ = "WebSocket: " + std::string(violation->why);
            return kept;
        }
    }
    return kept;
}

ws::FrameHeader Layers::header_before(std::size_t bytes) const noexcept {
    return frames_ ? ws::frame_header(ws::Opcode::binary, bytes) : ws::FrameHeader{};
}

std::size_t Layers::write(int fd, ByteView bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size()) {
        const ByteView rest = bytes.subspan(taken);
        if (tls_) {
            const TlsSession::Outcome outcome = tls_->write(rest);
            using Status = TlsSession::Status;
            if (outcome.status == Status::wants_read || outcome.status == Status::wants_write)
                return taken;
            if (outcome.status != Status::done) {
                is_peer_gone_ = true;
                return bytes.size();
            }
            taken += outcome.bytes;
            continue;
        }
        const ssize_t sent = ::send(fd, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) return taken;
        if (sent < 0) {
            is_peer_gone_ = true;
            return bytes.size();
        }
        taken += static_cast<std::size_t>(sent);
    }
    return taken;
}

Bytes Layers::last_frame() const {
    if (!frames_) return {};
    return ws::close_frame(close_code_.value_or(ws::CloseCode::normal), "");
}

void Layers::shut_down() noexcept {
    if (tls_) tls_->shut_down();
}

} // namespace holdfast::gateway
