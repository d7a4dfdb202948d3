#include <gateway/http/stream.hpp>

#include <sys/socket.h>
#include <algorithm>
#include <cerrno>

namespace holdfast::gateway {

namespace net = boost::asio;
using net::ip::tcp;

namespace {

constexpr std::chrono::milliseconds kInterruptsAgain{100};
// Of a handshake: a chain of certificates and more.
constexpr std::uint64_t kHandshakeBytesMax = 128 * 1024;

} // namespace

HttpStream::HttpStream(tcp::socket socket) : state_(std::make_shared<State>(std::move(socket))) {}
HttpStream::~HttpStream() = default;

HttpStream::executor_type HttpStream::get_executor() noexcept {
    return state_->socket.get_executor();
}

tcp::socket& HttpStream::socket() noexcept {
    return state_->socket;
}

void HttpStream::begin_tls(std::shared_ptr<const TlsContext> context) {
    boost::system::error_code gone; // the handshake will tell
    state_->socket.non_blocking(true, gone);
    state_->tls.emplace(std::move(context), state_->socket.native_handle());
}

const TlsSession* HttpStream::tls() const noexcept {
    return state_->tls ? &*state_->tls : nullptr;
}

HttpStream::Step HttpStream::step_of(TlsSession::Outcome outcome) {
    using Status = TlsSession::Status;
    switch (outcome.status) {
        case Status::done: return {Next::complete, {}, outcome.bytes};
        case Status::wants_read: return {Next::wait_read};
        case Status::wants_write: return {Next::wait_write};
        case Status::closed: return {Next::complete, net::error::eof};
        case Status::failed: break; // TlsSession::error() says why
    }
    return {Next::complete, net::error::connection_aborted};
}

HttpStream::Step HttpStream::shake(State& state) {
    const Step step = step_of(state.tls->handshake());
    if (step.next != Next::complete && state.tls->bytes_read() > kHandshakeBytesMax)
        return {Next::complete, net::error::message_size};
    return step;
}

HttpStream::Step HttpStream::read(State& state, net::mutable_buffer room) {
    if (room.size() == 0) return {};
    return step_of(state.tls->read({static_cast<std::byte*>(room.data()), room.size()}));
}

HttpStream::Pieces HttpStream::gather(std::span<const net::const_buffer> pieces) {
    Pieces out;
    for (const net::const_buffer piece : pieces) {
        if (out.size >= Pieces::kBytesMax) break;
        if (out.size == 0) {
            out.data = static_cast<const std::byte*>(piece.data());
            out.size = piece.size();
            continue;
        }
        if (!out.gathered) {
            out.gathered = std::make_unique_for_overwrite<std::byte[]>(Pieces::kBytesMax);
            std::copy_n(out.data, out.size, out.gathered.get());
            out.data = out.gathered.get();
        }
        std::byte* const room = out.gathered.get() + out.size;
        out.size += net::buffer_copy(net::buffer(room, Pieces::kBytesMax - out.size), piece);
    }
    return out;
}

HttpStream::Step HttpStream::write(State& state, const Pieces& pieces) {
    if (pieces.size == 0) return {};
    return step_of(state.tls->write({pieces.data, pieces.size}));
}

void HttpStream::expires_after(std::chrono::milliseconds limit) {
    set_limit(limit, true);
}

void HttpStream::interrupts_after(std::chrono::milliseconds limit) {
    state_->was_interrupted = false;
    set_limit(limit, false);
}

bool HttpStream::was_interrupted() const noexcept {
    return state_->was_interrupted;
}

void HttpStream::expires_never() {
    state_->limit = State::Clock::time_point::max();
}

void HttpStream::set_limit(std::chrono::milliseconds limit, bool closes) {
    state_->limit = State::Clock::now() + limit;
    state_->closes = closes;
    if (!state_->is_armed || state_->timer.expiry() > state_->limit) arm(state_);
}

// A wait that is replaced ends with an error, and is no more than that.
void HttpStream::arm(const std::shared_ptr<State>& state) {
    state->is_armed = true;
    state->timer.expires_at(state->limit);
    const std::weak_ptr<State> weak = state;
    state->timer.async_wait([weak](const boost::system::error_code& error) {
        const auto there = weak.lock();
        if (!there || error) return;
        there->is_armed = false;
        if (there->limit == State::Clock::time_point::max()) return;
        if (there->limit > State::Clock::now()) return arm(there);
        boost::system::error_code ignored; // it is going away whatever it says
        if (there->closes) {
            there->socket.close(ignored);
            return;
        }
        there->was_interrupted = true;
        there->socket.cancel(ignored);
        // Once more, should the reading have been between two of its reads just now.
        there->limit = State::Clock::now() + kInterruptsAgain;
        arm(there);
    });
}

HttpStream::Peer HttpStream::look() {
    if (!state_->socket.is_open()) return Peer::gone;
    if (state_->tls) {
        switch (state_->tls->peek().status) {
            case TlsSession::Status::done: return Peer::speaks;
            case TlsSession::Status::closed:
            case TlsSession::Status::failed: return Peer::gone;
            default: return Peer::silent; // what came was TLS's own
        }
    }
    char next = 0;
    const auto peeked = ::recv(state_->socket.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    if (peeked > 0) return Peer::speaks;
    return peeked < 0 && errno == EAGAIN ? Peer::silent : Peer::gone;
}

void HttpStream::end_output() {
    if (!state_->socket.is_open()) return;
    if (state_->tls) state_->tls->shut_down();
    boost::system::error_code ignored; // the socket is going away whatever it says
    state_->socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void HttpStream::close() {
    boost::system::error_code ignored; // it is going away whatever it says
    state_->socket.close(ignored);
    state_->timer.cancel();
}

HttpStream::Released HttpStream::release() {
    expires_never();
    state_->timer.cancel();
    boost::system::error_code gone;
    if (state_->socket.is_open()) state_->socket.non_blocking(true, gone);
    if (!state_->socket.is_open() || gone) return {};
    const int fd = state_->socket.release(gone);
    if (gone) return {};
    return {fd, std::exchange(state_->tls, std::nullopt)};
}

} // namespace holdfast::gateway
