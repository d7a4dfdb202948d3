// Goal: the opening handshake of RFC 6455 from the server's side: what a client must say is
// demanded, and what is wrong is told. Method: requests as values; the standard's own example.
#include "gateway/ws/upgrade.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace holdfast;
using gateway::HttpRequest;
using gateway::HttpResponse;
namespace ws = holdfast::gateway::ws;

namespace {

HttpRequest request() {
    HttpRequest request;
    request.method = "GET";
    request.path = "/mqtt";
    request.headers = {{"Host", "localhost"},
                       {"Upgrade", "websocket"},
                       {"Connection", "keep-alive, Upgrade"},
                       {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                       {"Sec-WebSocket-Version", "13"},
                       {"Sec-WebSocket-Protocol", "chat, mqtt"}};
    return request;
}

void set(HttpRequest& request, std::string_view name, const std::string& value) {
    std::erase_if(request.headers, [name](const auto& header) { return header.first == name; });
    if (!value.empty()) request.headers.emplace_back(name, value);
}

} // namespace

TEST_CASE("a WebSocket is opened as RFC 6455 section 1.3 shows it", "[gateway][ws]") {
    const auto opened = ws::open(request());
    REQUIRE(std::holds_alternative<std::string>(opened));
    CHECK(std::get<std::string>(opened) ==
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
          "Sec-WebSocket-Protocol: mqtt\r\n\r\n");
}

TEST_CASE("of the client's subprotocols the first that is MQTT's is taken [MQTT5-6.0.0-3]",
          "[gateway][ws]") {
    auto asked = request();
    set(asked, "Sec-WebSocket-Protocol", "mqttv3.1,mqtt");
    CHECK(std::get<std::string>(ws::open(asked)).find("Protocol: mqttv3.1\r\n") !=
          std::string::npos);
    set(asked, "Sec-WebSocket-Protocol", "chat");
    asked.headers.emplace_back("sec-websocket-protocol", "mqtt");
    CHECK(std::holds_alternative<std::string>(ws::open(asked)));
    set(asked, "Upgrade", "WebSocket"); // tokens are of any case
    set(asked, "Connection", "upgrade");
    CHECK(std::holds_alternative<std::string>(ws::open(asked)));
}

TEST_CASE("an opening handshake that lacks something is told what", "[gateway][ws]") {
    struct Row {
        const char* header;
        const char* value;
        unsigned status;
    };
    const auto row = GENERATE(values<Row>({
        {"Upgrade", "", 426},
        {"Upgrade", "h2c", 426},
        {"Connection", "", 426},
        {"Connection", "keep-alive", 426},
        {"Sec-WebSocket-Version", "", 426},
        {"Sec-WebSocket-Version", "8", 426},
        {"Sec-WebSocket-Key", "", 400},
        {"Sec-WebSocket-Key", "c2hvcnQ=", 400},
        {"Sec-WebSocket-Key", "not base64, not at all", 400},
        {"Sec-WebSocket-Protocol", "", 400},
        {"Sec-WebSocket-Protocol", "MQTT", 400}, // of a subprotocol the case counts
        {"Sec-WebSocket-Protocol", "chat, wamp", 400},
    }));
    CAPTURE(row.header, row.value);
    auto asked = request();
    set(asked, row.header, row.value);
    const auto opened = ws::open(asked);
    REQUIRE(std::holds_alternative<HttpResponse>(opened));
    const auto& answer = std::get<HttpResponse>(opened);
    CHECK(answer.status == row.status);
    CHECK(answer.content_type == "application/problem+json");
    const auto says = [&](const char* name) {
        return std::ranges::any_of(answer.headers, [&](auto& h) { return h.first == name; });
    };
    CHECK(says("Upgrade") == (row.status == 426)); // RFC 9110 section 15.5.22
    CHECK(says("Sec-WebSocket-Version") == (row.status == 426));
}

TEST_CASE("two keys are none", "[gateway][ws]") {
    auto asked = request();
    asked.headers.emplace_back("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    CHECK(std::get<HttpResponse>(ws::open(asked)).status == 400);
}
