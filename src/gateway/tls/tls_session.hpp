#pragma once

#include <holdfast/gateway/tls/tls_context.hpp>

#include <holdfast/base/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct ssl_st;

namespace holdfast::gateway {

// TLS on one non-blocking descriptor, from the server's side. It neither owns nor waits for the
// descriptor: it says what it wants. One thread at a time; it may move to another thread with what
// it has read and not given out. The process ignores SIGPIPE: OpenSSL writes without MSG_NOSIGNAL.
class TlsSession {
public:
    enum class Status : std::uint8_t {
        done,        // bytes were moved, or the handshake is over
        wants_read,  // ask again when the descriptor is readable
        wants_write, // ask again when it is writable
        closed,      // the peer ended the session
        failed,      // error() says why; the connection is of no more use
    };
    struct Outcome {
        Status status{};
        std::size_t bytes = 0; // moved, where done
    };

    TlsSession(std::shared_ptr<const TlsContext> context, int fd);
    TlsSession(TlsSession&&) noexcept;
    TlsSession& operator=(TlsSession&&) noexcept;
    ~TlsSession();

    // Until done: nothing can be read or written before.
    [[nodiscard]] Outcome handshake();
    [[nodiscard]] bool is_established() const noexcept;
    // From the descriptor so far.
    [[nodiscard]] std::uint64_t bytes_read() const noexcept;
    // At most what `out` takes. Ask until it is not done: what the session holds makes no
    // descriptor readable.
    [[nodiscard]] Outcome read(std::span<std::byte> out);
    // Whether read() would give something; takes nothing but what is TLS's own.
    [[nodiscard]] Outcome peek();
    // Some of `bytes`, at least one where done. Where it wants to read or write, the next call must
    // give at least the same bytes again (from wherever they are then).
    [[nodiscard]] Outcome write(ByteView bytes);
    // Tells the peer that no more comes, if the descriptor takes it now. Does not wait for its
    // answer.
    void shut_down() noexcept;

    [[nodiscard]] const std::string& error() const noexcept { return error_; }
    // Whom the client's certificate names, which was checked; empty without one.
    [[nodiscard]] std::string peer_name() const;
    [[nodiscard]] std::string version() const; // "TLSv1.3"

private:
    struct Free {
        void operator()(ssl_st* session) const noexcept;
    };
    [[nodiscard]] Outcome outcome_of(int result);

    std::shared_ptr<const TlsContext> context_;
    std::unique_ptr<ssl_st, Free> session_;
    std::string error_;
};

} // namespace holdfast::gateway
