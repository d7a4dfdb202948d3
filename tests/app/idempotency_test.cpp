// Goal: a client that repeats a request with its Idempotency-Key, because the server was killed
// before or after it answered, stores once. Method: the program itself, killed.
#include "app/site.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <string>

using namespace holdfast::test;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: off, http: "127.0.0.1:0"}
log_level: error
streams: {orders: {partitions: 1}}
bridge: [{topic: "#", stream: orders}]
)";

HttpAnswer post(Socket& http, const std::string& target, const std::string& key,
                const std::string& body) {
    return http_send(http, fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n"
                                       "Idempotency-Key: {}\r\nContent-Length: {}\r\n\r\n{}",
                                       target, key, body.size(), body));
}

} // namespace

TEST_CASE("a request is repeated after a kill and stored once", "[app][rest]") {
    const Site site(kConfig);
    const std::string records = "/api/v1/streams/orders/records";
    std::string published;
    std::string produced;
    for (int round = 0; round < 3; ++round) {
        const auto server = site.start();
        Socket http(server->port("http"));
        const auto one = post(http, "/api/v1/publish/order/1", "publish-1", "{\"n\":1}");
        const auto two = post(http, records, "produce-1", R"({"key":"k","value":{"n":2}})");
        CHECK(one.status == 200);
        CHECK(two.status == 200);
        if (round == 0) {
            published = one.body;
            produced = two.body;
        }
        CHECK(one.body == published);
        CHECK(two.body == produced);
        // Sent, and the server killed before it can be told apart from one that did not store it.
        const std::string late = R"({"value":3})";
        const auto request = fmt::format(
            "POST {} HTTP/1.1\r\nHost: localhost\r\n"
            "Idempotency-Key: late\r\nContent-Length: {}\r\n\r\n{}",
            records, late.size(), late);
        http.write(holdfast::as_bytes(request));
        server->signal(SIGKILL);
        (void)server->wait();
    }
    const auto server = site.start();
    Socket http(server->port("http"));
    CHECK(post(http, records, "late", R"({"value":3})").status == 200);
    const auto all = http_get(http, records).body;
    CHECK(std::count(all.begin(), all.end(), '\n') == 3);
}
