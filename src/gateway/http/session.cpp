#include <gateway/http/session.hpp>

#include <gateway/http/admission.hpp>
#include <gateway/http/hung_up.hpp>
#include <gateway/http/read_problem.hpp>
#include <gateway/http/taken_bytes.hpp>
#include <holdfast/gateway/http/body_stream.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <stop_token>
#include <utility>

namespace holdfast::gateway {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using net::ip::tcp;

constexpr auto as_values = net::as_tuple(net::use_awaitable); // a hang-up is ordinary
constexpr std::size_t kBodyStepBytes = 64U << 10U;
constexpr std::size_t kTargetBytesMax = 8U << 10U;
constexpr std::size_t kDrainBytesMax = 1U << 20U;
constexpr std::chrono::seconds kDrainLimit{1};
constexpr std::chrono::milliseconds kLateAgain{100};

class BeastSession final : public HttpSession {
public:
    BeastSession(tcp::socket socket, std::shared_ptr<HttpShared> shared)
        : stream_(std::move(socket)),
          shared_(std::move(shared)),
          admission_(std::make_shared<Admission>(shared_->router, shared_->settings.door,
                                                 stream_.socket(), shared_->gate)),
          replied_(stream_.get_executor()),
          deadline_(stream_.get_executor()) {
        shared_->connections.fetch_add(1);
    }
    ~BeastSession() override { shared_->connections.fetch_sub(1); }

    net::awaitable<void> run() override {
        bool goes_on = true;
        while (goes_on) {
            if (!co_await wait_for_request()) break;
            goes_on = co_await serve_one();
        }
        co_await hang_up();
    }

    void finish() override {
        if (is_idle_) close();
        if (body_) body_->close();
    }

    void close() override {
        is_closed_ = true;
        stream_.close();
        replied_.cancel();
        admission_->close();
        gone_.request_stop();
        if (body_) body_->close();
    }

    void follow_rights() override {
        if (body_ && admission_->is_revoked()) body_->close();
    }

private:
    using Parser = http::request_parser<http::buffer_body>;

    // False when the client went, or said nothing for too long.
    net::awaitable<bool> wait_for_request() {
        if (buffer_.size() > 0) co_return true; // pipelined
        if (shared_->is_stopping) co_return false;
        is_idle_ = true;
        stream_.expires_after(shared_->settings.idle_limit);
        const auto room = buffer_.prepare(2048);
        const auto [error, count] = co_await stream_.async_read_some(room, as_values);
        is_idle_ = false;
        buffer_.commit(count);
        co_return !error;
    }

    // Reads, handles and answers one request. True where the connection goes on.
    net::awaitable<bool> serve_one() {
        start_deadline();
        TakenBytes taken(shared_->memory);
        Parser parser;
        parser.header_limit(shared_->settings.header_bytes_max);
        parser.body_limit(shared_->settings.body_bytes_max);
        auto refusal = co_await read_header(parser);
        const bool is_understood = !refusal;
        if (!refusal) refusal = co_await admission_->admit(request_);
        const bool goes_on = is_understood && refusal && co_await pass_over_body(parser, taken);
        if (!refusal) refusal = co_await answer_expectation();
        if (!refusal) refusal = co_await read_body(parser, taken);
        deadline_.cancel();
        shared_->requests.add();
        if (refusal) {
            if (refusal->status == 0) co_return false;
            const bool keep_alive = goes_on && parser.get().keep_alive() && !shared_->is_stopping;
            co_return co_await write(std::move(*refusal), keep_alive,
                                     parser.get().method() == http::verb::head);
        }
        const bool is_head = parser.get().method() == http::verb::head;
        const bool keep_alive = parser.get().keep_alive();
        const bool is_http_1_0 = parser.get().version() < 11;
        auto response = co_await handle(std::move(request_));
        if (!response) co_return false;
        if (response->stream && is_http_1_0 && !response->stream->has_end())
            *response = problem(505, "this answer has no end: it needs HTTP/1.1");
        if (response->stream) {
            const BodyForm form{.is_head = is_head,
                                .is_chunked = !is_http_1_0,
                                .keep_alive = keep_alive && !is_http_1_0};
            co_return co_await write_stream(std::move(*response), form);
        }
        co_return co_await write(std::move(*response), keep_alive && !shared_->is_stopping,
                                 is_head);
    }

    // Ends the reading of a request that takes too long. The stream's own time limit closes the
    // socket, and then nobody could be told why.
    void start_deadline() {
        is_late_ = false;
        stream_.expires_never();
        arm_deadline(shared_->settings.request_limit);
    }
    void arm_deadline(std::chrono::milliseconds limit) {
        deadline_.expires_after(limit);
        deadline_.async_wait([weak = weak_from_this(), this](beast::error_code error) {
            const auto self = weak.lock();
            if (!self || error) return;
            is_late_ = true;
            stream_.cancel();
            // Once more, should the reading have been between two of its reads just now.
            arm_deadline(kLateAgain);
        });
    }

    // Nothing where all is well; status 0 where there is nobody to answer.
    net::awaitable<std::optional<HttpResponse>> read_header(Parser& parser) {
        const auto [error, count] =
            co_await http::async_read_header(stream_, buffer_, parser, as_values);
        if (error)
            co_return read_problem(error, is_late_, shared_->settings)
                .value_or(HttpResponse{0, {}});

        const auto& message = parser.get();
        request_ = {};
        request_.method = message.method_string();
        const std::string_view target = message.target();
        if (target.size() > kTargetBytesMax)
            co_return problem(414, "the target is over 8192 bytes");
        const auto parts = split_target(target);
        if (!parts) co_return problem(parts.error());
        request_.path = parts.value().path;
        for (const auto& field : message)
            request_.headers.emplace_back(std::string(field.name_string()),
                                          std::string(field.value()));
        HostRules rules = admission_->host_rules();
        rules.authority = parts.value().authority;
        rules.must_have_host = message.version() >= 11;
        if (auto checked = check_origin(request_, rules); !checked)
            co_return problem(checked.error());
        if (message.find(http::field::transfer_encoding) != message.end() && !message.chunked())
            co_return problem(501, "no transfer encoding but chunked is served");
        auto query = parse_query(parts.value().query);
        if (!query) co_return problem(query.error());
        request_.query = std::move(query).value();
        co_return std::nullopt;
    }

    net::awaitable<std::optional<HttpResponse>> answer_expectation() {
        const auto expect = request_.header("expect");
        if (!expect) co_return std::nullopt;
        if (!beast::iequals(*expect, "100-continue"))
            co_return problem(417, "only 100-continue can be expected");
        http::response<http::empty_body> go_on(http::status::continue_, 11);
        const auto [error, count] = co_await http::async_write(stream_, go_on, as_values);
        if (error) co_return HttpResponse{0, {}};
        co_return std::nullopt;
    }

    net::awaitable<std::optional<HttpResponse>> read_body(Parser& parser, TakenBytes& taken) {
        std::string& body = request_.body;
        while (!parser.is_done()) {
            // The buffer grows with what has arrived, never with what was announced.
            const std::size_t step = static_cast<std::size_t>(std::min<std::uint64_t>(
                kBodyStepBytes,
                std::max<std::uint64_t>(parser.content_length_remaining().value_or(kBodyStepBytes),
                                        1)));
            if (!taken.take(step))
                co_return problem(503, "too much is waiting in memory; try again later");
            const std::size_t used = body.size();
            body.resize(used + step);
            parser.get().body() = {body.data() + used, step, true};
            const auto [error, count] =
                co_await http::async_read(stream_, buffer_, parser, as_values);
            body.resize(used + step - parser.get().body().size);
            if (error && error != http::error::need_buffer)
                co_return read_problem(error, is_late_, shared_->settings)
                    .value_or(HttpResponse{0, {}});
        }
        co_return std::nullopt;
    }

    // A small body of a request that was refused: of no use, but its connection is. True where it
    // can go on.
    net::awaitable<bool> pass_over_body(Parser& parser, TakenBytes& taken) {
        if (parser.is_done()) co_return true;
        const auto left = parser.content_length_remaining();
        if (!left || *left > kBodyStepBytes || request_.header("expect")) co_return false;
        const auto broken = co_await read_body(parser, taken);
        co_return !broken;
    }

    // The handler's reply; nothing where the connection was closed before it came.
    net::awaitable<std::optional<HttpResponse>> handle(HttpRequest request) {
        const bool is_read = request.method == "GET" || request.method == "HEAD";
        response_.reset();
        gone_ = std::stop_source();
        watch_client();
        replied_.expires_at(net::steady_timer::time_point::max());
        Reply::Sink sink = [self = std::static_pointer_cast<BeastSession>(shared_from_this())](
                               HttpResponse response) {
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
        stream_.socket().async_wait(tcp::socket::wait_read,
                                    [weak = weak_from_this(), this](beast::error_code error) {
                                        const auto self = weak.lock();
                                        if (!self) return;
                                        is_watching_ = false;
                                        if (!error && has_hung_up(stream_.socket()))
                                            gone_.request_stop();
                                    });
    }

    net::awaitable<bool> write(HttpResponse response, bool keep_alive, bool is_head) {
        shared_->count_answer(response.status);
        http::response<http::string_body> message;
        fill_head(message, response);
        message.keep_alive(keep_alive);
        if (response.status != 204) message.content_length(response.body.size());
        if (!is_head) message.body() = std::move(response.body);
        stream_.expires_after(shared_->settings.request_limit);
        http::response_serializer<http::string_body> serializer(message);
        if (is_head) {
            const auto [error, count] =
                co_await http::async_write_header(stream_, serializer, as_values);
            co_return !error && keep_alive;
        }
        const auto [error, count] = co_await http::async_write(stream_, serializer, as_values);
        co_return !error && keep_alive;
    }

    template <class Message>
    static void fill_head(Message& message, const HttpResponse& response) {
        message.version(11);
        message.result(response.status);
        message.reason(beast::string_view(reason_phrase(response.status)));
        if (!response.content_type.empty())
            message.set(http::field::content_type, response.content_type);
        message.set("X-Content-Type-Options", "nosniff");
        for (const auto& [name, value] : response.headers) message.insert(name, value);
    }

    struct BodyForm {
        bool is_head = false;
        bool is_chunked = true; // else the end of the connection is the end of the body
        bool keep_alive = false;
    };

    // Sends piece after piece. True where the connection goes on.
    net::awaitable<bool> write_stream(HttpResponse response, BodyForm form) {
        http::response<http::empty_body> head;
        fill_head(head, response);
        head.keep_alive(form.keep_alive);
        head.chunked(form.is_chunked);
        http::response_serializer<http::empty_body> serializer(head);
        stream_.expires_after(shared_->settings.request_limit);
        const auto [error, count] =
            co_await http::async_write_header(stream_, serializer, as_values);
        if (error) co_return false;
        if (form.is_head) co_return form.keep_alive;
        body_ = std::move(response.stream);
        bool is_sent = true;
        while (is_sent && !is_closed_) {
            const auto piece = co_await next_piece();
            if (!piece || admission_->is_revoked()) break;
            if (piece->empty()) continue; // as a chunk it would be the last
            is_sent = form.is_chunked ? co_await send(http::make_chunk(net::buffer(*piece)))
                                      : co_await send(net::buffer(*piece));
        }
        // Without the last chunk the client knows that something is missing.
        const bool is_whole =
            is_sent && !is_closed_ && !admission_->is_revoked() && !body_->is_broken();
        if (is_whole && form.is_chunked) is_sent = co_await send(http::make_chunk_last());
        body_->close();
        body_.reset();
        co_return is_whole&& is_sent&& form.keep_alive && !shared_->is_stopping;
    }

    net::awaitable<std::optional<std::string>> next_piece() {
        bool is_delivered = false;
        std::optional<std::string> piece;
        replied_.expires_at(net::steady_timer::time_point::max());
        if (shared_->is_stopping) body_->close(); // finish() came before there was a body
        BodyStream::Deliver deliver = [&, self = shared_from_this()](auto delivered) {
            piece = std::move(delivered);
            is_delivered = true;
            replied_.cancel();
        };
        body_->pull(std::move(deliver));
        // Also when closed: the body delivers its end, and until then refers to this frame.
        while (!is_delivered) co_await replied_.async_wait(as_values);
        co_return piece;
    }

    template <class Buffers>
    net::awaitable<bool> send(Buffers buffers) {
        stream_.expires_after(shared_->settings.request_limit);
        const auto [error, count] = co_await net::async_write(stream_, buffers, as_values);
        stream_.expires_never();
        co_return !error;
    }

    // Reads on for a moment: a close with unread input resets the connection, and the client might
    // lose our last answer.
    net::awaitable<void> hang_up() {
        if (is_closed_) co_return;
        boost::system::error_code ignored; // the socket is going away whatever it says
        stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
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

    beast::tcp_stream stream_;
    const std::shared_ptr<HttpShared> shared_;
    const std::shared_ptr<Admission> admission_;
    beast::flat_buffer buffer_;
    net::steady_timer replied_;  // cancelled when response_ is there
    net::steady_timer deadline_; // of reading one request
    HttpRequest request_;
    std::optional<HttpResponse> response_;
    std::shared_ptr<BodyStream> body_; // while it is being sent
    std::stop_source gone_;            // of the request being served
    bool is_watching_ = false;         // a wait for the client's next word is under way
    bool is_idle_ = false;
    bool is_late_ = false;
    bool is_closed_ = false;
};

} // namespace

std::shared_ptr<HttpSession> HttpSession::make(tcp::socket socket,
                                               std::shared_ptr<HttpShared> shared) {
    return std::make_shared<BeastSession>(std::move(socket), std::move(shared));
}

} // namespace holdfast::gateway
