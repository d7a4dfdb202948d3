#include <holdfast/gateway/http/client.hpp>

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <array>
#include <utility>

namespace holdfast::gateway {

namespace net = boost::asio;
namespace http = boost::beast::http;
using net::ip::tcp;

namespace {

constexpr std::size_t kBodyBytesMax = 64U << 20U;
constexpr std::string_view kScheme = "http://";

} // namespace

struct HttpClient::Connection {
    std::string authority; // host:port, as the Host header says it
    net::io_context io;
    tcp::socket socket{io};
    boost::beast::flat_buffer buffer;

    [[nodiscard]] Error lost(const boost::system::error_code& error) const {
        return fail(Errc::io, fmt::format("http://{}: {}", authority, error.message()));
    }
    Result<void> write(const HttpRequest& request);
    // Reads an answer; `take` gets its body.
    Result<HttpResponse> read(
        const std::function<Result<bool>(unsigned status, std::string_view piece)>& take);
};

Result<void> HttpClient::Connection::write(const HttpRequest& request) {
    http::request<http::string_body> message;
    message.method_string(boost::beast::string_view(request.method));
    message.target(boost::beast::string_view(request.path));
    message.version(11);
    message.set(http::field::host, authority);
    for (const auto& [name, value] : request.headers) message.set(name, value);
    message.body() = request.body;
    message.prepare_payload();
    boost::system::error_code error;
    http::write(socket, message, error);
    if (error) return lost(error);
    return ok();
}

Result<HttpResponse> HttpClient::Connection::read(
    const std::function<Result<bool>(unsigned status, std::string_view piece)>& take) {
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    boost::system::error_code error;
    http::read_header(socket, buffer, parser, error);
    if (error) return lost(error);
    HttpResponse response;
    response.status = parser.get().result_int();
    response.content_type = parser.get()[http::field::content_type];
    for (const auto& field : parser.get())
        response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    std::array<char, 65'536> piece; // NOLINT: filled by the read
    while (!parser.is_done()) {
        auto& body = parser.get().body();
        body.data = piece.data();
        body.size = piece.size();
        http::read_some(socket, buffer, parser, error);
        if (error && error != http::error::need_buffer) return lost(error);
        const std::size_t count = piece.size() - body.size;
        if (count == 0) continue;
        HF_TRY(const bool goes_on, take(response.status, {piece.data(), count}));
        if (!goes_on) break;
    }
    return response;
}

HttpClient::HttpClient(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::connect(std::string_view url) {
    const auto colon = url.rfind(':');
    if (!url.starts_with(kScheme) || colon < kScheme.size() || url.ends_with(':') ||
        url.find('/', kScheme.size()) != std::string_view::npos)
        return fail(Errc::malformed, fmt::format("'{}' is not of the form http://host:port", url));
    auto connection = std::make_unique<Connection>();
    connection->authority = url.substr(kScheme.size());
    std::string_view host = url.substr(kScheme.size(), colon - kScheme.size());
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    boost::system::error_code error;
    const auto found = tcp::resolver(connection->io)
                           .resolve(std::string(host), std::string(url.substr(colon + 1)), error);
    if (!error) net::connect(connection->socket, found, error);
    if (error) return connection->lost(error);
    return HttpClient(std::move(connection));
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
    return stream(request, nullptr);
}

Result<HttpResponse> HttpClient::stream(const HttpRequest& request,
                                        const std::function<bool(std::string_view piece)>& take) {
    HF_TRY(connection_->write(request));
    std::string body;
    HF_TRY(auto response,
           connection_->read([&](unsigned status, std::string_view piece) -> Result<bool> {
               if (take && status == 200) return take(piece);
               body += piece;
               if (body.size() > kBodyBytesMax)
                   return fail(Errc::limit_exceeded, "the answer is over 64 MiB");
               return true;
           }));
    response.body = std::move(body);
    return response;
}

} // namespace holdfast::gateway
