#include <config/endpoint.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace holdfast::config {
namespace {

struct AddressKind {
    bool is_address = false;
    bool is_loopback = false;
};

AddressKind kind_of(const std::string& address) {
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return {true, bytes[0] == 127};
    if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return {};
    std::array<unsigned char, 16> loopback{};
    loopback[15] = 1;
    return {true, bytes == loopback};
}

} // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return fail(Errc::malformed, fmt::format("'{}' is not address:port", text));
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);

    const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (in_brackets) host = host.substr(1, host.size() - 2);
    Endpoint endpoint{host == "localhost" ? "127.0.0.1" : std::string(host), 0};

    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), endpoint.port);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size())
        return fail(Errc::malformed, fmt::format("'{}' is not a port within 0 .. 65535", digits));

    const auto kind = kind_of(endpoint.address);
    const bool is_v6 = endpoint.address.find(':') != std::string::npos;
    if (!kind.is_address || is_v6 != in_brackets)
        return fail(Errc::malformed,
                    fmt::format("'{}' is not an IPv4 address, an IPv6 address in brackets, or "
                                "localhost",
                                text.substr(0, colon)));
    return endpoint;
}

bool is_loopback(const Endpoint& endpoint) {
    return kind_of(endpoint.address).is_loopback;
}

} // namespace holdfast::config
