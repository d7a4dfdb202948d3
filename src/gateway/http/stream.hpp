#pragma once

#include <gateway/tls/tls_session.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace holdfast::gateway {

// One HTTP connection as Asio's AsyncReadStream and AsyncWriteStream: a socket, in clear or with a
// TLS session on it, and one time limit. In clear it costs no more than the socket. One thread; one
// reading or writing operation at a time. Not Asio's ssl::stream: that cannot give its session away
// (release()).
class HttpStream {
    struct State;

public:
    using executor_type = boost::asio::any_io_executor;
    using Error = boost::system::error_code;

    explicit HttpStream(boost::asio::ip::tcp::socket socket);
    ~HttpStream();
    HttpStream(const HttpStream&) = delete;
    HttpStream& operator=(const HttpStream&) = delete;

    [[nodiscard]] executor_type get_executor() noexcept;
    [[nodiscard]] boost::asio::ip::tcp::socket& socket() noexcept;

    // From here on TLS; before anything is read. The handshake must be awaited, void(Error).
    void begin_tls(std::shared_ptr<const TlsContext> context);
    template <class Token>
    auto async_handshake(Token&& token);
    // Null in clear.
    [[nodiscard]] const TlsSession* tls() const noexcept;

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token);
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token);

    // When nothing else is said by then, the connection is closed; what waits ends with an error.
    void expires_after(std::chrono::milliseconds limit);
    // As expires_after(), but only what waits ends: the connection stays, for an answer.
    void interrupts_after(std::chrono::milliseconds limit);
    [[nodiscard]] bool was_interrupted() const noexcept; // since interrupts_after()
    void expires_never();

    // Whether the peer is there, for one that is not being read; takes nothing that is HTTP's.
    enum class Peer : std::uint8_t { silent, speaks, gone };
    [[nodiscard]] Peer look();

    void end_output(); // nothing follows what was written
    void close();

    // The connection without its stream, for who speaks another protocol on it. Nothing waits.
    struct Released {
        int fd = -1; // the caller's, not blocking; -1: it was closed
        std::optional<TlsSession> tls;
    };
    [[nodiscard]] Released release();

private:
    // How far an operation on the TLS session got.
    enum class Next : std::uint8_t { complete, wait_read, wait_write };
    struct Step {
        Next next{};
        Error error{};
        std::size_t bytes = 0;
    };
    // What one TLS record takes of the buffers: gathered, so that a head is not a record apart.
    struct Pieces {
        static constexpr std::size_t kBytesMax = 16 * 1024;
        std::unique_ptr<std::byte[]> gathered; // where they are several
        const std::byte* data = nullptr;
        std::size_t size = 0;
    };
    static constexpr std::size_t kPiecesMax = 16; // a head and a chunk are about five
    static Pieces gather(std::span<const boost::asio::const_buffer> pieces);
    static Step step_of(TlsSession::Outcome outcome);
    static Step shake(State& state);
    static Step read(State& state, boost::asio::mutable_buffer room);
    static Step write(State& state, const Pieces& pieces);

    template <class Attempt, bool gives_bytes>
    struct Operation;
    void set_limit(std::chrono::milliseconds limit, bool closes);
    static void arm(const std::shared_ptr<State>& state);

    std::shared_ptr<State> state_; // the timer's handler looks whether it is there
};

struct HttpStream::State {
    using Clock = std::chrono::steady_clock;
    explicit State(boost::asio::ip::tcp::socket connected)
        : socket(std::move(connected)), timer(socket.get_executor()) {}

    boost::asio::ip::tcp::socket socket;
    std::optional<TlsSession> tls;
    // One wait, which looks at the limit when it ends: most limits are replaced long before, and
    // cost an assignment.
    boost::asio::steady_timer timer;
    Clock::time_point limit = Clock::time_point::max();
    bool closes = true; // at the limit
    bool is_armed = false;
    bool was_interrupted = false;
};

// Asks the session, waits for what it wants, and asks again.
template <class Attempt, bool gives_bytes>
struct HttpStream::Operation {
    std::shared_ptr<State> state;
    Attempt attempt;
    Step step{};
    bool is_begun = false;
    bool is_over = false;

    template <class Self>
    void operator()(Self& self, Error error = {}) {
        if (is_over) return complete(self);
        if (!error && !state->socket.is_open()) error = boost::asio::error::bad_descriptor;
        step = error ? Step{Next::complete, error} : attempt(*state);
        const bool is_first = !std::exchange(is_begun, true);
        auto& socket = state->socket;
        using Socket = boost::asio::ip::tcp::socket;
        if (step.next == Next::wait_read)
            return socket.async_wait(Socket::wait_read, std::move(self));
        if (step.next == Next::wait_write)
            return socket.async_wait(Socket::wait_write, std::move(self));
        is_over = true;
        // A handler never runs inside the function that it was given to.
        if (is_first) return boost::asio::post(socket.get_executor(), std::move(self));
        complete(self);
    }
    template <class Self>
    void complete(Self& self) {
        if constexpr (gives_bytes)
            self.complete(step.error, step.bytes);
        else
            self.complete(step.error);
    }
};

template <class Token>
auto HttpStream::async_handshake(Token&& token) {
    auto attempt = [](State& state) { return shake(state); };
    return boost::asio::async_compose<Token, void(Error)>(
        Operation<decltype(attempt), false>{state_, attempt}, token, state_->socket);
}

template <class Buffers, class Token>
auto HttpStream::async_read_some(const Buffers& buffers, Token&& token) {
    if (!state_->tls) return state_->socket.async_read_some(buffers, std::forward<Token>(token));
    boost::asio::mutable_buffer room;
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end && room.size() == 0; ++at)
        room = *at;
    auto attempt = [room](State& state) { return read(state, room); };
    return boost::asio::async_compose<Token, void(Error, std::size_t)>(
        Operation<decltype(attempt), true>{state_, attempt}, token, state_->socket);
}

template <class Buffers, class Token>
auto HttpStream::async_write_some(const Buffers& buffers, Token&& token) {
    if (!state_->tls) return state_->socket.async_write_some(buffers, std::forward<Token>(token));
    std::array<boost::asio::const_buffer, kPiecesMax> some;
    std::size_t count = 0;
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end && count < kPiecesMax;
         ++at)
        some[count++] = *at;
    auto attempt = [pieces = gather({some.data(), count})](State& state) {
        return write(state, pieces);
    };
    return boost::asio::async_compose<Token, void(Error, std::size_t)>(
        Operation<decltype(attempt), true>{state_, std::move(attempt)}, token, state_->socket);
}

} // namespace holdfast::gateway
