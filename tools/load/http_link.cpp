#include <load/http_link.hpp>

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace holdfast::load {
namespace {

// The value of `name` (lower case, with its colon) in a response head, without blanks around it.
std::optional<std::string> header_value(std::string_view head, std::string_view name) {
    std::string lower(head);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const std::size_t at = lower.find(fmt::format("\r\n{}", name));
    if (at == std::string::npos) return std::nullopt;
    const std::size_t from = lower.find_first_not_of(' ', at + 2 + name.size());
    const std::size_t end = lower.find("\r\n", at + 2);
    if (from == std::string::npos || from > end) return std::string();
    return lower.substr(from, end - from);
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end != text.data();
}

} // namespace

std::string make_post(std::string_view host, std::string_view target, std::string_view content_type,
                      std::string_view body) {
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", target,
        host, content_type, body.size(), body);
}

void HttpLink::post(std::string_view request) {
    waiting_ = true;
    send(as_bytes(request));
}

std::size_t HttpLink::on_bytes(ByteView bytes, std::uint64_t now_ns) {
    constexpr std::string_view kEndOfHead = "\r\n\r\n";
    const std::string_view text = as_text(bytes);
    const std::size_t head_end = text.find(kEndOfHead);
    if (head_end == std::string_view::npos) return 0;
    const std::string_view head = text.substr(0, head_end + 2);
    unsigned status = 0;
    if (!waiting_ || !head.starts_with("HTTP/1.1 ") || !parse_number(head.substr(9), status)) {
        close_because("the server's answer is no HTTP/1.1 response to a request");
        return 0;
    }
    std::size_t body_bytes = 0;
    if (const auto length = header_value(head, "content-length:")) {
        if (!parse_number(*length, body_bytes)) {
            close_because("the server's Content-Length is no number");
            return 0;
        }
    } else if (status != 204) {
        close_because(fmt::format("response {} without Content-Length", status));
        return 0;
    }
    const std::size_t whole = head_end + kEndOfHead.size() + body_bytes;
    if (bytes.size() < whole) return 0;
    waiting_ = false;
    on_response_(*this, status, now_ns);
    return whole;
}

Result<int> dial_http(const Endpoint& endpoint) {
    HF_TRY(const int socket, dial_tcp(endpoint));
    ::fcntl(socket, F_SETFL, O_NONBLOCK);
    return socket;
}

} // namespace holdfast::load
