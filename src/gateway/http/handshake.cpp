#include <gateway/http/handshake.hpp>

#include <gateway/http/taken_bytes.hpp>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>

namespace holdfast::gateway {

namespace net = boost::asio;

namespace {

constexpr auto as_values = net::as_tuple(net::use_awaitable);
constexpr std::size_t kHandshakeBytes = 64 * 1024; // a session with its buffers

// Counts one that is under way.
class Turn {
public:
    explicit Turn(std::atomic<std::size_t>& count) : count_(count), before_(count.fetch_add(1)) {}
    ~Turn() { count_.fetch_sub(1); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    [[nodiscard]] std::size_t before() const noexcept { return before_; }

private:
    std::atomic<std::size_t>& count_;
    const std::size_t before_;
};

std::string reason(boost::system::error_code error, HttpStream& stream) {
    if (!stream.socket().is_open()) return "it took too long";
    if (error == net::error::eof) return "the peer closed the connection";
    if (error == net::error::message_size) return "it is too long";
    const std::string& why = stream.tls()->error();
    if (why.ends_with("http request")) return "the client speaks in clear, the listener TLS";
    return why.empty() ? error.message() : why;
}

} // namespace

net::awaitable<std::string> handshake(HttpStream& stream, const TlsCredentials& credentials,
                                      HttpShared& shared) {
    const Turn turn(shared.handshakes);
    const std::size_t most = shared.settings.handshakes_max;
    if (turn.before() >= most) co_return fmt::format("{} others are under way", most);
    TakenBytes taken(shared.memory);
    if (!taken.take(kHandshakeBytes)) co_return "limits.memory is reached";
    stream.begin_tls(credentials.current());
    stream.expires_after(shared.settings.handshake_limit);
    const auto [error] = co_await stream.async_handshake(as_values);
    if (error) co_return reason(error, stream);
    stream.expires_never();
    co_return "";
}

} // namespace holdfast::gateway
