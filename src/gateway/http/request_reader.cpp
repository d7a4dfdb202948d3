#include <gateway/http/request_reader.hpp>

#include <holdfast/gateway/http/problem.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace holdfast::gateway {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto as_values = net::as_tuple(net::use_awaitable); // a hang-up is ordinary
constexpr std::size_t kBodyStepBytes = 64U << 10U;
constexpr std::size_t kTargetBytesMax = 8U << 10U;

// The answer to a request that could not be read, for `error` of Beast or the socket; of status 0
// where nobody is there to read it. `is_late`: we ended the reading ourselves.
HttpResponse read_problem(beast::error_code error, bool is_late, const HttpSettings& settings) {
    if (error == http::error::header_limit)
        return problem(431, "request line and headers are over " +
                                std::to_string(settings.header_bytes_max) + " bytes");
    if (error == http::error::body_limit)
        return problem(413,
                       "the body is over " + std::to_string(settings.body_bytes_max) + " bytes");
    if (error == net::error::operation_aborted && is_late)
        return problem(408, "the request did not arrive whole in " +
                                std::to_string(settings.request_limit.count()) + " ms");
    if (error == http::error::bad_version) return problem(505, "only HTTP/1.0 and HTTP/1.1");
    if (error == http::error::end_of_stream || error == http::error::partial_message)
        return {0, {}};
    if (error.category() == http::make_error_code(http::error::bad_line_ending).category())
        return problem(400, "not an HTTP request: " + error.message());
    return {0, {}};
}

} // namespace

struct RequestReader::Parsing {
    beast::flat_buffer buffer;
    std::optional<http::request_parser<http::buffer_body>> parser; // of one request
};

RequestReader::RequestReader(HttpStream& stream, const HttpSettings& settings)
    : stream_(stream), settings_(settings), parsing_(std::make_unique<Parsing>()) {}
RequestReader::~RequestReader() = default;

bool RequestReader::has_unread() const noexcept {
    return parsing_->buffer.size() > 0;
}

// A handshake record of version 3.x (RFC 8446 section 5.1).
bool RequestReader::has_tls() const noexcept {
    const auto* bytes = static_cast<const unsigned char*>(parsing_->buffer.data().data());
    return parsing_->buffer.size() >= 2 && bytes[0] == 0x16 && bytes[1] == 0x03;
}

net::awaitable<bool> RequestReader::wait() {
    stream_.expires_after(settings_.idle_limit);
    const auto room = parsing_->buffer.prepare(2048);
    const auto [error, count] = co_await stream_.async_read_some(room, as_values);
    parsing_->buffer.commit(count);
    co_return !error;
}

net::awaitable<RequestReader::Refusal> RequestReader::read_head(HostRules rules,
                                                                HttpRequest& request) {
    stream_.interrupts_after(settings_.request_limit);
    auto& parser = parsing_->parser.emplace();
    parser.header_limit(settings_.header_bytes_max);
    parser.body_limit(settings_.body_bytes_max);
    const auto [error, count] =
        co_await http::async_read_header(stream_, parsing_->buffer, parser, as_values);
    if (error) co_return read_problem(error, stream_.was_interrupted(), settings_);

    const auto& message = parser.get();
    request = {};
    request.method = message.method_string();
    const std::string_view target = message.target();
    if (target.size() > kTargetBytesMax) co_return problem(414, "the target is over 8192 bytes");
    const auto parts = split_target(target);
    if (!parts) co_return problem(parts.error());
    request.path = parts.value().path;
    for (const auto& field : message)
        request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    rules.authority = parts.value().authority;
    rules.must_have_host = message.version() >= 11;
    if (auto checked = check_origin(request, rules); !checked) co_return problem(checked.error());
    if (message.find(http::field::transfer_encoding) != message.end() && !message.chunked())
        co_return problem(501, "no transfer encoding but chunked is served");
    auto query = parse_query(parts.value().query);
    if (!query) co_return problem(query.error());
    request.query = std::move(query).value();
    co_return std::nullopt;
}

net::awaitable<RequestReader::Refusal> RequestReader::read_body(HttpRequest& request,
                                                                TakenBytes& taken) {
    auto refusal = co_await answer_expectation(request);
    if (!refusal) refusal = co_await read_pieces(request, taken);
    co_return refusal;
}

net::awaitable<RequestReader::Refusal> RequestReader::answer_expectation(
    const HttpRequest& request) {
    const auto expect = request.header("expect");
    if (!expect) co_return std::nullopt;
    if (!beast::iequals(*expect, "100-continue"))
        co_return problem(417, "only 100-continue can be expected");
    http::response<http::empty_body> go_on(http::status::continue_, 11);
    const auto [error, count] = co_await http::async_write(stream_, go_on, as_values);
    if (error) co_return HttpResponse{0, {}};
    co_return std::nullopt;
}

net::awaitable<RequestReader::Refusal> RequestReader::read_pieces(HttpRequest& request,
                                                                  TakenBytes& taken) {
    std::string& body = request.body;
    auto& parser = *parsing_->parser;
    while (!parser.is_done()) {
        // The buffer grows with what has arrived, never with what was announced.
        const std::size_t step = static_cast<std::size_t>(std::min<std::uint64_t>(
            kBodyStepBytes, std::max<std::uint64_t>(
                                parser.content_length_remaining().value_or(kBodyStepBytes), 1)));
        if (!taken.take(step))
            co_return problem(503, "too much is waiting in memory; try again later");
        const std::size_t used = body.size();
        body.resize(used + step);
        parser.get().body() = {body.data() + used, step, true};
        const auto [error, count] =
            co_await http::async_read(stream_, parsing_->buffer, parser, as_values);
        body.resize(used + step - parser.get().body().size);
        if (error && error != http::error::need_buffer)
            co_return read_problem(error, stream_.was_interrupted(), settings_);
    }
    co_return std::nullopt;
}

net::awaitable<bool> RequestReader::pass_over_body(HttpRequest& request, TakenBytes& taken) {
    auto& parser = *parsing_->parser;
    if (parser.is_done()) co_return true;
    const auto left = parser.content_length_remaining();
    if (!left || *left > kBodyStepBytes || request.header("expect")) co_return false;
    const auto broken = co_await read_pieces(request, taken);
    co_return !broken;
}

void RequestReader::end() {
    stream_.expires_never();
}

bool RequestReader::is_head() const {
    return parsing_->parser->get().method() == http::verb::head;
}
bool RequestReader::is_http_1_0() const {
    return parsing_->parser->get().version() < 11;
}
bool RequestReader::keep_alive() const {
    return parsing_->parser->get().keep_alive();
}
bool RequestReader::has_body() const {
    return !parsing_->parser->is_done();
}

Bytes RequestReader::take_unread() {
    const auto unread = parsing_->buffer.data();
    const auto* begin = static_cast<const std::byte*>(unread.data());
    Bytes bytes(begin, begin + unread.size());
    parsing_->buffer.consume(bytes.size());
    return bytes;
}

} // namespace holdfast::gateway
