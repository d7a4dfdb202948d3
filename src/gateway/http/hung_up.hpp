#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>
#include <cerrno>

namespace holdfast::gateway {

// Whether the peer of a socket that can be read has gone. Reads nothing.
[[nodiscard]] inline bool has_hung_up(boost::asio::ip::tcp::socket& socket) noexcept {
    char next = 0;
    const auto peeked = ::recv(socket.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    return peeked == 0 || (peeked < 0 && errno != EAGAIN);
}

} // namespace holdfast::gateway
