#include <gateway/ws/upgrade.hpp>

#include <gateway/ws/frame.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace holdfast::gateway::ws {
namespace {

constexpr std::array<std::string_view, 2> kSubprotocols{"mqtt", "mqttv3.1"};

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_same(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t";
    const auto begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// The members of a header's list, over all headers of that name. Borrows.
std::vector<std::string_view> members_of(const HttpRequest& request, std::string_view name) {
    std::vector<std::string_view> members;
    for (const auto& [header, value] : request.headers) {
        if (!is_same(header, name)) continue;
        for (std::string_view left = value; !left.empty();) {
            const auto member = left.substr(0, left.find(','));
            left.remove_prefix(std::min(left.size(), member.size() + 1));
            if (!trimmed(member).empty()) members.push_back(trimmed(member));
        }
    }
    return members;
}

bool names(const HttpRequest& request, std::string_view header, std::string_view token) {
    return std::ranges::any_of(members_of(request, header),
                               [token](std::string_view member) { return is_same(member, token); });
}

// The client's first one that is ours: its order is its wish. Empty: none is.
std::string_view subprotocol_of(const HttpRequest& request) {
    for (const std::string_view wanted : members_of(request, "sec-websocket-protocol"))
        if (std::ranges::find(kSubprotocols, wanted) != kSubprotocols.end()) return wanted;
    return {};
}

HttpResponse upgrade_required(std::string_view why) {
    HttpResponse response = problem(426, why);
    response.headers.emplace_back("Upgrade", "websocket");
    response.headers.emplace_back("Connection", "Upgrade");
    response.headers.emplace_back("Sec-WebSocket-Version", "13");
    return response;
}

} // namespace

std::variant<std::string, HttpResponse> open(const HttpRequest& request) {
    if (!names(request, "upgrade", "websocket") || !names(request, "connection", "upgrade"))
        return upgrade_required("here is MQTT over WebSocket: Upgrade: websocket is missing");
    if (request.header("sec-websocket-version").value_or("") != "13")
        return upgrade_required("only version 13 of WebSocket");
    const auto keys = std::ranges::count_if(request.headers, [](const auto& header) {
        return is_same(header.first, "sec-websocket-key");
    });
    const std::string accept =
        keys == 1 ? accept_key(trimmed(*request.header("sec-websocket-key"))) : "";
    if (accept.empty()) return problem(400, "Sec-WebSocket-Key: one, of 16 bytes in base64");
    const std::string_view subprotocol = subprotocol_of(request);
    if (subprotocol.empty())
        return problem(400, "Sec-WebSocket-Protocol: `mqtt` or `mqttv3.1` must be among them");
    return fmt::format(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n"
        "Sec-WebSocket-Protocol: {}\r\n\r\n",
        accept, subprotocol);
}

} // namespace holdfast::gateway::ws
