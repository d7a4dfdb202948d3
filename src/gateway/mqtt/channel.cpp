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

} // namespace

Channel::Channel(Channel&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      is_peer_gone_(other.is_peer_gone_),
      unsent_(std::move(other.unsent_)) {}

Channel& Channel::operator=(Channel&& other) noexcept {
    close();
    fd_ = std::exchange(other.fd_, -1);
    is_peer_gone_ = other.is_peer_gone_;
    unsent_ = std::move(other.unsent_);
    return *this;
}

void Channel::close() noexcept {
    if (fd_ >= 0) ::close(fd_);
}

Channel::Received Channel::receive(std::span<std::byte> buffer) {
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) return {static_cast<std::size_t>(count), {}};
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    is_peer_gone_ = true;
    return {0, count == 0 ? "the peer closed the connection" : std::strerror(errno)};
}

std::size_t Channel::send(std::span<const iovec> pieces) {
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

void Channel::keep(std::span<const iovec> pieces) {
    for (const iovec& piece : pieces)
        unsent_.append({static_cast<const std::byte*>(piece.iov_base), piece.iov_len});
}

bool Channel::flush() {
    std::array<iovec, kWritePieces> pieces; // filled by front()
    const std::size_t count = unsent_.front(pieces);
    if (count == 0) return false; // the event was for a slot's connection before
    const ssize_t sent = send_now(fd_, std::span(pieces).first(count));
    if (sent <= 0) return false; // an error shows when the socket is read
    unsent_.consume(static_cast<std::size_t>(sent));
    return true;
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
    ::shutdown(fd_, SHUT_WR);
}

} // namespace holdfast::gateway
