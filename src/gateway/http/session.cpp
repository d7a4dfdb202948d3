#include <gateway/http/session.hpp>

#include <gateway/http/admission.hpp>
#include <gateway/http/answer_writer.hpp>
#include <gateway/http/handshake.hpp>
#include <gateway/http/mqtt_handover.hpp>
#include <gateway/http/request_reader.hpp>
#include <gateway/http/stream.hpp>
#include <gateway/http/taken_bytes.hpp>
#include <holdfast/gateway/http/body_stream.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>

namespace holdfast::gateway {
namespace {

namespace net = boost::asio;
using net::ip::tcp;

constexpr auto as_values = net::as_tuple(net::use_awaitable); // a hang-up is ordinary
constexpr std::size_t kDrainBytesMax = 1U << 20U;
constexpr std::chrono::seconds kDrainLimit{1};

std::string address_of(const tcp::socket& socket) {
    boost::system::error_code gone;
    const auto peer = socket.remote_endpoint(gone);
    return gone ? "a client that is gone"
                : fmt::format("{}:{}", peer.address().to_string(), peer.port());
}

class Session final : public HttpSession {
public:
    Session(tcp::socket socket, std::shared_ptr<HttpShared> shared,
            std::shared_ptr<const HttpDoor> door)
        : stream_(std::move(socket)),
          shared_(std::move(shared)),
          door_(std::move(door)),
          session_bytes_(shared_->memory),
          admission_(std::make_shared<Admission>(shared_->router, *door_, stream_.socket(),
                                                 shared_->gate)),
          reader_(stream_, shared_->settings),
          writer_(stream_, *shared_, *admission_),
          replied_(stream_.get_executor()) {
        shared_->connections.fetch_add(1);
    }
    ~Session() override { shared_->connections.fetch_sub(1); }

    net::awaitable<void> run() override {
        bool goes_on = door_->tls == nullptr || co_await shake_hands();
        while (goes_on) {
            if (!co_await wait_for_request()) break;
            goes_on = co_await serve_one();
        }
        co_await hang_up();
    }

    void finish() override {
        if (is_idle_) close();
        writer_.end_stream();
    }

    void close() override {
        is_closed_ = true;
        stream_.close();
        replied_.cancel();
        admission_->close();
        gone_.request_stop();
        writer_.close();
    }

    void follow_rights() override { writer_.follow_rights(); }

private:
    // True where the client may go on to speak HTTP.
    net::awaitable<bool> shake_hands() {
        const std::string peer = address_of(stream_.socket());
        is_idle_ = true; // a stop waits for no handshake
        const std::string why = co_await handshake(stream_, *door_->tls, *shared_);
        is_idle_ = false;
        if (!why.empty()) {
            if (!is_closed_) shared_->notes.failed(peer, why);
            stream_.close();
            co_return false;
        }
        if (!session_bytes_.take(kTlsSessionBytes)) {
            shared_->notes.failed(peer, "limits.memory is reached");
            co_return false;
        }
        shared_->notes.succeeded();
        admission_->certify(stream_.tls()->peer_name());
        co_return !shared_->is_stopping;
    }

    net::awaitable<bool> wait_for_request() {
        if (reader_.has_unread()) co_return true; // pipelined
        if (shared_->is_stopping) co_return false;
        is_idle_ = true;
        const bool is_there = co_await reader_.wait();
        is_idle_ = false;
        if (is_there && door_->tls == nullptr && reader_.has_tls()) {
            shared_->notes.failed(address_of(stream_.socket()),
                                  "the client speaks TLS, the listener has none");
            co_return false;
        }
        co_return is_there;
    }

    // Reads, handles and answers one request. True where the connection goes on.
    net::awaitable<bool> serve_one() {
        TakenBytes taken(shared_->memory);
        auto refusal = co_await reader_.read_head(admission_->host_rules(), request_);
        const bool is_understood = !refusal;
        if (refusal && refusal->status == 403) admission_->note_foreign(request_, *refusal);
        if (!refusal) refusal = co_await admission_->admit(request_);
        if (!refusal && is_mqtt(request_, *door_)) {
            refusal = co_await open_mqtt();
            if (!refusal) co_return false; // the connection is a shard's
        }
        const bool goes_on =
            is_understood && refusal && co_await reader_.pass_over_body(request_, taken);
        if (!refusal) refusal = co_await reader_.read_body(request_, taken);
        reader_.end();
        shared_->requests.add();
        if (refusal && refusal->status == 0) co_return false;
        AnswerWriter::Form form;
        form.is_head = reader_.is_head();
        form.keep_alive = reader_.keep_alive() && !shared_->is_stopping;
        if (refusal) {
            form.keep_alive = form.keep_alive && goes_on;
            co_return co_await writer_.write(std::move(*refusal), form);
        }
        auto response = co_await handle(std::move(request_));
        if (!response) co_return false;
        form.keep_alive = reader_.keep_alive() && !shared_->is_stopping;
        if (response->stream && reader_.is_http_1_0() && !response->stream->has_end())
            *response = problem(505, "this answer has no end: it needs HTTP/1.1");
        if (!response->stream) co_return co_await writer_.write(std::move(*response), form);
        form.is_chunked = !reader_.is_http_1_0();
        form.keep_alive = reader_.keep_alive() && form.is_chunked;
        co_return co_await writer_.write_stream(std::move(*response), form, shared_from_this());
    }

    // Nothing where the connection was given away, else why not.
    net::awaitable<std::optional<HttpResponse>> open_mqtt() {
        auto opened = opened_mqtt(request_, reader_, stream_, *door_->mqtt);
        if (auto* refusal = std::get_if<HttpResponse>(&opened)) co_return std::move(*refusal);
        auto& [head, peer] = std::get<OpenedMqtt>(opened);
        stream_.expires_after(shared_->settings.request_limit);
        const auto [error, count] =
            co_await net::async_write(stream_, net::buffer(head), as_values);
        if (error || is_closed_) co_return HttpResponse{0, {}};
        shared_->requests.add();
        is_closed_ = true; // for us
        hand_over(stream_, reader_, std::move(peer), *door_->mqtt);
        co_return std::nullopt;
    }

    // The handler's reply; nothing where the connection was closed before it came.
    net::awaitable<std::optional<HttpResponse>> handle(HttpRequest request) {
        const bool is_read = request.method == "GET" || request.method == "HEAD";
        response_.reset();
        gone_ = std::stop_source();
        watch_client();
        replied_.expires_at(net::steady_timer::time_point::max());
        Reply::Sink sink =
            [self = std::static_pointer_cast<Session>(shared_from_this())](HttpResponse response) {
                self->response_ = std::move(response);
                self->replied_.cancel();
            };
        admission_->serve(std::move(request), Reply(stream_.get_executor(), shared_->gate,
                                                    std::move(sink), gone_.get_token()));
        // The sink is posted to this thread, so it has not run yet.
        while (!response_ && !is_closed_) co_await replied_.async_wait(as_values);
        // A reader may have waited long. What was changed is changed, and is told so.
        if (response_ && is_read && admission_->is_revoked())
            response_ = problem(403, "the right to read this was taken away meanwhile");
        co_return std::move(response_);
    }

    // Hears of a client that hangs up while its answer is made. It reads nothing: what follows the
    // request is the next one. Of a client that sent that already nothing is heard.
    void watch_client() {
        if (std::exchange(is_watching_, true)) return;
        stream_.socket().async_wait(tcp::socket::wait_read, [weak = weak_from_this(), this](
                                                                boost::system::error_code error) {
            const auto self = weak.lock();
            if (!self) return;
            is_watching_ = false;
            if (error) return;
            const HttpStream::Peer peer = stream_.look();
            if (peer == HttpStream::Peer::gone) gone_.request_stop();
            if (peer == HttpStream::Peer::silent) watch_client();
        });
    }

    // Reads on for a moment: a close with unread input resets the connection, and the client might
    // lose our last answer.
    net::awaitable<void> hang_up() {
        if (is_closed_ || !stream_.socket().is_open()) co_return;
        stream_.end_output();
        stream_.expires_after(kDrainLimit);
        std::array<char, 4096> drain; // NOLINT: filled by the read
        for (std::size_t drained = 0; drained < kDrainBytesMax;) {
            const auto room = net::buffer(drain);
            const auto [error, count] = co_await stream_.async_read_some(room, as_values);
            if (error) break;
            drained += count;
        }
        stream_.close();
    }

    HttpStream stream_;
    const std::shared_ptr<HttpShared> shared_;
    const std::shared_ptr<const HttpDoor> door_;
    TakenBytes session_bytes_; // of TLS
    const std::shared_ptr<Admission> admission_;
    RequestReader reader_;
    AnswerWriter writer_;
    net::steady_timer replied_; // cancelled when response_ is there
    HttpRequest request_;
    std::optional<HttpResponse> response_;
    std::stop_source gone_;    // of the request being served
    bool is_watching_ = false; // a wait for the client's next word is under way
    bool is_idle_ = false;
    bool is_closed_ = false;
};

} // namespace

std::shared_ptr<HttpSession> HttpSession::make(tcp::socket socket,
                                               std::shared_ptr<HttpShared> shared,
                                               std::shared_ptr<const HttpDoor> door) {
    return std::make_shared<Session>(std::move(socket), std::move(shared), std::move(door));
}

} // namespace holdfast::gateway
