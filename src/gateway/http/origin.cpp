#include <gateway/http/origin.hpp>

#include <fmt/format.h>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>

namespace holdfast::gateway {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// `authority` is lower case.
bool is_ours(std::string_view authority, const HostRules& rules) {
    const auto colon = authority.rfind(':');
    const auto bracket = authority.rfind(']');
    auto host = authority;
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        if (!is_port(authority.substr(colon + 1))) return false;
        host = authority.substr(0, colon);
    }
    if (host == "localhost" || host == "[::1]") return true;
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address_v4(host, error);
    if (!error && address.is_loopback()) return true;
    if (!rules.has_users) return false;
    if (!error || rules.is_tls || std::ranges::find(rules.hosts, host) != rules.hosts.end())
        return true;
    if (!host.starts_with('[') || !host.ends_with(']')) return false;
    boost::asio::ip::make_address_v6(host.substr(1, host.size() - 2), error);
    return !error;
}

} // namespace

Result<void> check_origin(const HttpRequest& request, const HostRules& rules) {
    const auto hosts = std::ranges::count_if(
        request.headers, [](const auto& header) { return lower(header.first) == "host"; });
    if (hosts > 1 || (hosts == 0 && rules.must_have_host))
        return fail(Errc::malformed, fmt::format("{} Host headers where one must be", hosts));
    const std::string host =
        lower(rules.authority.empty() ? request.header("host").value_or("") : rules.authority);
    const bool is_named = hosts == 1 || !rules.authority.empty();
    if (is_named && !is_ours(host, rules))
        return fail(Errc::denied,
                    fmt::format("Host '{}' is not served: only {}", host,
                                rules.has_users
                                    ? "addresses, localhost, and the `hosts` of the listener"
                                    : "localhost and loopback addresses, as there are no users"));
    const auto ours = fmt::format("{}://{}", rules.is_tls ? "https" : "http", host);
    const auto origin = request.header("origin");
    if (origin && lower(*origin) != ours)
        return fail(Errc::denied,
                    fmt::format("Origin '{}' is not '{}': pages of other sites are not "
                                "served",
                                *origin, ours));
    return ok();
}

} // namespace holdfast::gateway
