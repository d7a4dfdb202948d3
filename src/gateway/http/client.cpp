#include <holdfast/gateway/http/client.hpp>

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
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
constexpr std::string_view kClear = "http://";
constexpr std::string_view kTls = "https://";

// The parts of `http://host:port`. Borrows.
struct Url {
    bool is_tls = false;
    std::string_view authority; // host:port, as the Host header says it
    std::string_view host;      // without the brackets of an IPv6 address
    std::string_view port;
};
Result<Url> parse_url(std::string_view text) {
    Url url;
    url.is_tls = text.starts_with(kTls);
    const std::string_view scheme = url.is_tls ? kTls : kClear;
    const auto colon = text.rfind(':');
    if (!text.starts_with(scheme) || colon < scheme.size() || text.ends_with(':') ||
        text.find('/', scheme.size()) != std::string_view::npos)
        return fail(
            Errc::malformed,
            fmt::format("'{}' is not of the form http://host:port or https://host:port", text));
    url.authority = text.substr(scheme.size());
    url.host = text.substr(scheme.size(), colon - scheme.size());
    url.port = text.substr(colon + 1);
    if (url.host.starts_with('[') && url.host.ends_with(']'))
        url.host = url.host.substr(1, url.host.size() - 2);
    return url;
}

} // namespace

struct HttpClient::Connection {
    std::string url;
    std::string authority;
    std::string token;
    bool is_tls = false;
    net::io_context io;
    net::ssl::context trust{net::ssl::context::tls_client};
    net::ssl::stream<tcp::socket> tls{io, trust};
    tcp::socket& clear = tls.next_layer();
    boost::beast::flat_buffer buffer;

    [[nodiscard]] Error lost(const boost::system::error_code& error) const {
        return fail(Errc::io, fmt::format("{}: {}", url, error.message()));
    }
    Result<void> shake_hands(const std::string& host, const std::filesystem::path& ca);
    Result<void> write(const HttpRequest& request);
    // Reads an answer; `take` gets its body.
    Result<HttpResponse> read(
        const std::function<Result<bool>(unsigned status, std::string_view piece)>& take);
};

Result<void> HttpClient::Connection::shake_hands(const std::string& host,
                                                 const std::filesystem::path& ca) {
    boost::system::error_code error;
    if (ca.empty())
        trust.set_default_verify_paths(error);
    else
        trust.load_verify_file(ca.string(), error);
    if (error)
        return fail(Errc::malformed,
                    fmt::format("{}: no certificates of a CA: {}", ca.string(), error.message()));
    // The session was made before the context knew whom to trust; it shares the store of CAs only.
    tls.set_verify_mode(net::ssl::verify_peer, error);
    tls.set_verify_callback(net::ssl::host_name_verification(host), error);
    net::ip::make_address(host, error);
    if (error) SSL_set_tlsext_host_name(tls.native_handle(), host.c_str()); // names only
    tls.handshake(net::ssl::stream_base::client, error);
    if (error) return lost(error);
    return ok();
}

Result<void> HttpClient::Connection::write(const HttpRequest& request) {
    http::request<http::string_body> message;
    message.method_string(boost::beast::string_view(request.method));
    message.target(boost::beast::string_view(request.path));
    message.version(11);
    message.set(http::field::host, authority);
    if (!token.empty()) message.set(http::field::authorization, "Bearer " + token);
    for (const auto& [name, value] : request.headers) message.set(name, value);
    message.body() = request.body;
    message.prepare_payload();
    boost::system::error_code error;
    is_tls ? http::write(tls, message, error) : http::write(clear, message, error);
    if (error) return lost(error);
    return ok();
}

Result<HttpResponse> HttpClient::Connection::read(
    const std::function<Result<bool>(unsigned status, std::string_view piece)>& take) {
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(boost::none);
    boost::system::error_code error;
    is_tls ? http::read_header(tls, buffer, parser, error)
           : http::read_header(clear, buffer, parser, error);
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
        is_tls ? http::read_some(tls, buffer, parser, error)
               : http::read_some(clear, buffer, parser, error);
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

Result<HttpClient> HttpClient::connect(const ServerAddress& server) {
    HF_TRY(const Url url, parse_url(server.url));
    auto connection = std::make_unique<Connection>();
    connection->url = server.url;
    connection->authority = url.authority;
    connection->token = server.token;
    connection->is_tls = url.is_tls;
    const std::string host(url.host);
    boost::system::error_code error;
    const auto found = tcp::resolver(connection->io).resolve(host, std::string(url.port), error);
    if (!error) net::connect(connection->clear, found, error);
    if (error) return connection->lost(error);
    if (url.is_tls) {
        HF_TRY(connection->shake_hands(host, server.ca));
    }
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
