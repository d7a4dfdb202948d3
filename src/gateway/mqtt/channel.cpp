#include "gateway/mqtt/channel.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kIovMax = 1024;    // IOV_MAX of Linux
constexpr std::size_t kWritePieces = 64; // of what is kept, in one call
constexpr int kChunksPerFlush = 16;      // of one connection, before others have their turn

std::size_t sum_of(std::span<const iovec> pieces) {
    std::size_t sum = 0;
    for (const iovec& piece : pieces) sum += piece.iov_len;
    return sum;
}

ssize_t send_now(int fd, std::span<const iovec> pieces) {
    constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (pieces.size() == 1) // acknowledgements, mostly
        return ::send(fd, pieces[0].iov_base, pieces[0].iov_len, kFlags);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data()); // sendmsg does not write there
    message.msg_iovlen = pieces.size();
    return ::sendmsg(fd, &message, kFlags);
}

// Many small pieces, taken out as a few large ones.
class PieceReader {
public:
    explicit PieceReader(std::span<const iovec> pieces) : pieces_(pieces) {}

    // The next bytes, as many as fit; 0 at the end.
    std::size_t read(std::span<std::byte> out) {
        std::size_t count = 0;
        while (count < out.size() && !pieces_.empty()) {
            const iovec& piece = pieces_.front();
            const std::size_t some = std::min(out.size() - count, piece.iov_len - used_);
            if (some != 0) // an empty piece may have no address
                std::memcpy(out.data() + count,
                            static_cast<const std::byte*>(piece.iov_base) + used_, some);
            count += some;
            used_ += some;
            if (used_ < piece.iov_len) break;
            pieces_ = pieces_.subspan(1);
            used_ = 0;
        }
        return count;
    }

private:
    std::span<const iovec> pieces_;
    std::size_t used_ = 0; // of the first one
};

} // namespace

Channel::Channel(Channel&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      is_peer_gone_(other.is_peer_gone_),
      layers_(std::move(other.layers_)),
      unsent_(std::move(other.unsent_)) {}

Channel& Channel::operator=(Channel&& other) noexcept {
    close();
    fd_ = std::exchange(other.fd_, -1);
    is_peer_gone_ = other.is_peer_gone_;
    layers_ = std::move(other.layers_);
    unsent_ = std::move(other.unsent_);
    return *this;
}

void Channel::close() noexcept {
    if (fd_ >= 0) ::close(fd_);
}

Channel::Received Channel::receive(std::span<std::byte> buffer) {
    if (layers_) return receive_layered(buffer);
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) return {static_cast<std::size_t>(count), {}};
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    is_peer_gone_ = true;
    return {0, count == 0 ? "the peer closed the connection" : std::strerror(errno)};
}

Channel::Received Channel::receive_layered(std::span<std::byte> buffer) {
    const std::size_t count = layers_->receive(fd_, buffer);
    if (!has_unsent()) send_frame(layers_->take_pong());
    if (count != 0) return {count, {}}; // what ended behind it is told next
    return {0, layers_->end()};
}

std::size_t Channel::send(std::span<const iovec> pieces) {
    if (layers_) return send_layered(pieces);
    assert(unsent_.empty());
    std::size_t taken = 0;
    while (!pieces.empty()) {
        const std::span<const iovec> some = pieces.first(std::min(pieces.size(), kIovMax));
        const ssize_t sent = send_now(fd_, some);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN) return taken + sum_of(pieces);
        if (sent > 0) taken += static_cast<std::size_t>(sent);
        if (sent < 0 || static_cast<std::size_t>(sent) < sum_of(some)) break;
        pieces = pieces.subspan(some.size());
    }
    return taken;
}

// A frame that is begun must be ended, and a record that OpenSSL has made must be sent: what the
// socket does not take of them is kept here, so that the caller may leave out what follows.
std::size_t Channel::send_layered(std::span<const iovec> pieces) {
    if (has_unsent()) return 0;
    std::array<std::byte, Layers::kChunkBytes> chunk; // filled from pieces
    constexpr std::size_t kHeaderBytes = sizeof(ws::FrameHeader::bytes);
    const std::span payload = std::span(chunk).subspan(kHeaderBytes);
    PieceReader reader(pieces);
    std::size_t taken = 0;
    while (!has_unsent()) {
        const std::size_t count = reader.read(payload);
        if (count == 0) break;
        taken += count;
        const ws::FrameHeader header = layers_->header_before(count);
        std::ranges::copy(header.view(), payload.data() - header.size);
        send_frame({payload.data() - header.size, header.size + count});
    }
    return taken;
}

// Nothing is unsent.
void Channel::send_frame(ByteView frame) {
    if (frame.empty()) return;
    const std::size_t taken = layers_->write(fd_, frame);
    unsent_.append(frame.subspan(taken));
}

void Channel::keep(std::span<const iovec> pieces) {
    if (layers_)
        if (const std::size_t bytes = sum_of(pieces); bytes != 0)
            unsent_.append(layers_->header_before(bytes).view());
    for (const iovec& piece : pieces)
        unsent_.append({static_cast<const std::byte*>(piece.iov_base), piece.iov_len});
}

bool Channel::flush() {
    if (layers_) return flush_layered();
    std::array<iovec, kWritePieces> pieces; // filled by front()
    const std::size_t count = unsent_.front(pieces);
    if (count == 0) return false; // the event was for a slot's connection before
    const ssize_t sent = send_now(fd_, std::span(pieces).first(count));
    if (sent <= 0) return false; // an error shows when the socket is read
    unsent_.consume(static_cast<std::size_t>(sent));
    return true;
}

// What a TLS session took only a part of is given to it again, since it is the first of what is
// kept and at least as long as it was.
bool Channel::flush_layered() {
    std::array<std::byte, Layers::kChunkBytes> chunk; // filled from pieces
    std::array<iovec, kWritePieces> pieces;           // filled by front()
    bool was_any_sent = false;
    for (int i = 0; i < kChunksPerFlush && has_unsent(); ++i) {
        const std::size_t piece_count = unsent_.front(pieces);
        PieceReader reader({pieces.data(), piece_count});
        const std::size_t count = reader.read(chunk);
        const std::size_t taken = layers_->write(fd_, {chunk.data(), count});
        unsent_.consume(taken);
        was_any_sent |= taken != 0;
        if (taken < count) break;
    }
    if (!has_unsent()) send_frame(layers_->take_pong());
    return was_any_sent;
}

void Channel::say_goodbye() {
    if (!layers_) return;
    const Bytes frame = layers_->last_frame();
    if (has_unsent())
        unsent_.append(frame);
    else
        send_frame(frame);
}

bool Channel::drain() {
    std::array<std::byte, 16 * 1024> unread; // filled by the kernel
    constexpr int kReadsMax = 16;
    int reads = 0;
    while (reads < kReadsMax && ::recv(fd_, unread.data(), unread.size(), MSG_DONTWAIT) > 0)
        ++reads;
    return reads != 0;
}

void Channel::end_output() {
    assert(!has_unsent());
    if (layers_) layers_->shut_down();
    ::shutdown(fd_, SHUT_WR);
}

} // namespace holdfast::gateway
