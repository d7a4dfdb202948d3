#include "gateway/mqtt/lingering.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kSocketsMax = 1024;
constexpr int kTicks = 2;

} // namespace

Lingering::~Lingering() {
    for (Socket& socket : sockets_) close(socket);
}

void Lingering::add(int fd, Backlog unsent) {
    const std::size_t bytes = unsent.held_bytes();
    if (sockets_.size() >= kSocketsMax || !memory_.try_take(bytes)) {
        ::close(fd);
        return;
    }
    if (unsent.empty()) ::shutdown(fd, SHUT_WR);
    sockets_.push_back({fd, std::move(unsent), bytes, kTicks});
}

void Lingering::tick() {
    for (Socket& socket : sockets_) {
        --socket.ticks_left;
        if (!socket.unsent.empty()) send(socket);
    }
    std::erase_if(sockets_, [this](Socket& socket) {
        if (socket.ticks_left > 0) return false;
        close(socket);
        return true;
    });
}

void Lingering::send(Socket& socket) {
    for (;;) {
        std::array<iovec, 64> pieces; // filled by front()
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = socket.unsent.front(pieces);
        const ssize_t sent = ::sendmsg(socket.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0) return;
        socket.unsent.consume(static_cast<std::size_t>(sent));
        if (!socket.unsent.empty()) continue;
        ::shutdown(socket.fd, SHUT_WR);
        return;
    }
}

void Lingering::close(Socket& socket) {
    memory_.give_back(socket.accounted_bytes);
    ::close(socket.fd);
}

} // namespace holdfast::gateway
