#pragma once

#include <gateway/http/session.hpp>
#include <gateway/http/stream.hpp>
#include <holdfast/gateway/tls/tls_credentials.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>

namespace holdfast::gateway {

// What an idle TLS session holds, in the account of memory.
inline constexpr std::size_t kTlsSessionBytes = 24 * 1024;

// The TLS handshake of an HTTP connection, whose peer has proven nothing yet: bounded in number,
// memory, bytes that are read, and time. Gives why it failed; empty: it did not. All arguments
// outlive it.
[[nodiscard]] boost::asio::awaitable<std::string> handshake(HttpStream& stream,
                                                            const TlsCredentials& credentials,
                                                            HttpShared& shared);

} // namespace holdfast::gateway
