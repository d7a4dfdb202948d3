// Goal: whatever bytes come, the server answers as HTTP says, or hangs up, and goes on; nothing it
// holds is unbounded. Method: a server on a free port, a raw client.
#include <holdfast/gateway/http/problem.hpp>
#include "gateway/http_client.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <optional>

using namespace holdfast;
using namespace std::chrono_literals;
using gateway::HttpRequest;
using gateway::HttpResponse;
using gateway::Reply;
using test::Client;
using test::RunningServer;

namespace {

gateway::Router echo_router() {
    gateway::Router router;
    router.add("GET", "/hello", {"q"}, gateway::Right::open("a test"),
               [](const HttpRequest& request, const Reply& reply) {
                   reply.send({200,
                               "text/plain",
                               {},
                               "hi " + std::string(request.query_value("q").value_or(""))});
               });
    router.add("POST", "/echo", {}, gateway::Right::signed_in(),
               [](const HttpRequest& request, const Reply& reply) {
                   reply.send({200, "text/plain", {}, request.body});
               });
    router.add("GET", "/drop", {}, gateway::Right::open("a test"),
               [](const HttpRequest&, const Reply&) {});
    router.add(
        "GET", "/thread", {}, gateway::Right::open("a test"),
        [](const HttpRequest&, const Reply& reply) {
            std::thread([reply] { reply.send({200, "text/plain", {}, "from afar"}); }).detach();
        });
    return router;
}

constexpr const char* kGet = "GET /hello?q=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

} // namespace

TEST_CASE("a connection serves request after request, also pipelined ones in order",
          "[gateway][http]") {
    const auto router = echo_router();
    RunningServer running(router);
    Client client(running.server().port());
    CHECK(client.get("/hello?q=a%20b").body == "hi a b");
    CHECK(client.send("POST", "/echo", "body").body == "body");
    client.write("GET /thread HTTP/1.1\r\nHost: [::1]:80\r\n\r\n" + std::string(kGet) +
                 "POST /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    CHECK(client.read().body == "from afar");
    CHECK(client.read().body == "hi 1");
    CHECK(client.read().body == "abcde");
}

TEST_CASE("HEAD gives GET's header without a body, and HTTP/1.0 ends the connection",
          "[gateway][http]") {
    const auto router = echo_router();
    RunningServer running(router);
    Client client(running.server().port());
    client.write("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto head = client.read(false);
    CHECK(head.status == 200);
    CHECK(head.has("Content-Length: 3"));
    client.write("GET /hello HTTP/1.0\r\nHost: localhost\r\n\r\n");
    CHECK(client.read().status == 200);
    CHECK(client.is_closed());
}

TEST_CASE("a handler that drops its reply gives 500, and the connection goes on",
          "[gateway][http]") {
    const auto router = echo_router();
    RunningServer running(router);
    Client client(running.server().port());
    const auto answer = client.get("/drop");
    CHECK(answer.status == 500);
    CHECK(answer.has("application/problem+json"));
    CHECK(client.get("/hello").status == 200);
}

TEST_CASE("wrong requests get the status that says why", "[gateway][http]") {
    struct Row {
        const char* what;
        std::string bytes;
        unsigned status;
    };
    const std::string host = "Host: localhost\r\n";
    const auto row = GENERATE_COPY(values<Row>({
        {"not HTTP", "\x01\x02\x03 nonsense\r\n\r\n", 400},
        {"no version", "GET /hello\r\n\r\n", 400},
        {"another version", "GET / HTTP/3.0\r\n" + host + "\r\n", 505},
        {"no Host", "GET /hello HTTP/1.1\r\n\r\n", 400},
        {"two Hosts", "GET /hello HTTP/1.1\r\n" + host + host + "\r\n", 400},
        {"a foreign Host", "GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403},
        {"a Host that looks local", "GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example\r\n\r\n", 403},
        {"a wrong port", "GET /hello HTTP/1.1\r\nHost: localhost:x\r\n\r\n", 403},
        {"a foreign Origin", "GET / HTTP/1.1\r\n" + host + "Origin: http://evil.example\r\n\r\n",
         403},
        {"a null Origin", "GET /hello HTTP/1.1\r\n" + host + "Origin: null\r\n\r\n", 403},
        {"a foreign absolute target", "GET http://evil.example/ HTTP/1.1\r\n" + host + "\r\n", 403},
        {"another scheme", "GET ftp://localhost/hello HTTP/1.1\r\n" + host + "\r\n", 400},
        {"no host in a URL", "GET http:///hello HTTP/1.1\r\n" + host + "\r\n", 400},
        {"an unknown parameter", "GET /hello?p=1 HTTP/1.1\r\n" + host + "\r\n", 400},
        {"a parameter twice", "GET /hello?q=1&q=1 HTTP/1.1\r\n" + host + "\r\n", 400},
        {"two Hosts in HTTP/1.0", "GET /hello HTTP/1.0\r\n" + host + host + "\r\n", 400},
        {"an Origin without Host", "GET /hello HTTP/1.0\r\nOrigin: http://a\r\n\r\n", 403},
        {"an unknown path", "GET /nothing HTTP/1.1\r\n" + host + "\r\n", 404},
        {"an unknown method", "DELETE /hello HTTP/1.1\r\n" + host + "\r\n", 405},
        {"a broken escape", "GET /hello%2 HTTP/1.1\r\n" + host + "\r\n", 400},
        {"not UTF-8", "GET /hello%ff HTTP/1.1\r\n" + host + "\r\n", 400},
        {"a NUL", "GET /hello?q=%00 HTTP/1.1\r\n" + host + "\r\n", 400},
        {"two lengths",
         "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
         400},
        {"a negative length", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
        {"a large body", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1025\r\n\r\n", 413},
        {"a large chunk",
         "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n800\r\n" +
             std::string(2048, 'x') + "\r\n0\r\n\r\n",
         413},
        {"a broken chunk",
         "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        {"another encoding", "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n",
         501},
        {"long headers",
         "GET / HTTP/1.1\r\n" + host + "X: " + std::string(17'000, 'x') + "\r\n\r\n", 431},
        {"a long target", "GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\n" + host + "\r\n", 414},
        {"an odd Expect",
         "POST /echo HTTP/1.1\r\n" + host + "Expect: tea\r\nContent-Length: 1\r\n\r\nx", 417},
    }));
    CAPTURE(row.what);
    gateway::HttpSettings settings;
    settings.body_bytes_max = 1024;
    const auto router = echo_router();
    RunningServer running(router, settings);
    Client client(running.server().port());
    client.write(row.bytes);
    const auto answer = client.read();
    CHECK(answer.status == row.status);
    CHECK(answer.has("application/problem+json"));
    Client next(running.server().port());
    CHECK(next.get("/hello").status == 200);
}

TEST_CASE("a URL as target is served, and HTTP/1.0 without Host", "[gateway][http]") {
    const auto router = echo_router();
    RunningServer running(router);
    Client client(running.server().port());
    client.write("GET HTTP://localhost:99/hello?q=you HTTP/1.1\r\nHost: other.example\r\n\r\n");
    CHECK(client.read().body == "hi you");
    client.write("GET http://127.0.0.1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(client.read().status == 404);
    client.write("GET /hello HTTP/1.0\r\n\r\n");
    CHECK(client.read().status == 200);
}

TEST_CASE("405 says what is allowed, an Origin of our own is served", "[gateway][http]") {
    const auto router = echo_router();
    RunningServer running(router);
    Client client(running.server().port());
    CHECK(client.send("DELETE", "/hello", "").has("Allow: GET, HEAD"));
    client.write(
        "GET /hello HTTP/1.1\r\nHost: LocalHost:81\r\nOrigin: http://localhost:81\r\n\r\n");
    CHECK(client.read().status == 200);
}

TEST_CASE("100-continue is answered before the body comes", "[gateway][http]") {
    const auto router = echo_router();
    RunningServer running(router);
    Client client(running.server().port());
    client.write(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
        "Content-Length: 2\r\n\r\n");
    CHECK(client.read().status == 100);
    client.write("ok");
    CHECK(client.read().body == "ok");
}

TEST_CASE("slow requests get 408, silent connections are closed", "[gateway][http]") {
    gateway::HttpSettings settings;
    settings.idle_limit = 50ms;
    settings.request_limit = 50ms;
    const auto router = echo_router();
    RunningServer running(router, settings);
    Client slow(running.server().port());
    slow.write("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab");
    CHECK(slow.read().status == 408);
    Client silent(running.server().port());
    CHECK(silent.is_closed());
}

TEST_CASE("connections beyond the limit get 503, and room comes back", "[gateway][http]") {
    gateway::HttpSettings settings;
    settings.connections_max = 1;
    const auto router = echo_router();
    RunningServer running(router, settings);
    auto first = std::make_optional<Client>(running.server().port());
    CHECK(first->get("/hello").status == 200);
    Client second(running.server().port());
    const auto refused = second.read();
    CHECK(refused.status == 503);
    CHECK(refused.has("Retry-After: 1"));
    first.reset();
    while (running.server().connection_count() > 0) std::this_thread::yield();
    Client third(running.server().port());
    CHECK(third.get("/hello").status == 200);
}

TEST_CASE("a body is counted as it arrives and 503 when the account is full", "[gateway][http]") {
    const auto router = echo_router();
    RunningServer running(router, {}, 100'000);
    Client client(running.server().port());
    const auto answer = client.send("POST", "/echo", std::string(500'000, 'x'));
    CHECK(answer.status == 503);
    CHECK(answer.has("Retry-After"));
    // An announced length alone takes nothing.
    Client other(running.server().port());
    CHECK(other.send("POST", "/echo", std::string(60'000, 'x')).body.size() == 60'000);
    CHECK(other.send("POST", "/echo", std::string(60'000, 'x')).body.size() == 60'000);
    while (running.memory.used_bytes() > 0) std::this_thread::yield();
    CHECK(running.memory.used_bytes() == 0);
}

TEST_CASE("stop() lets requests under way end and drops late replies", "[gateway][http]") {
    gateway::Router router;
    std::promise<Reply> asked;
    router.add("GET", "/wait", {}, gateway::Right::open("a test"),
               [&asked](const HttpRequest&, const Reply& reply) { asked.set_value(reply); });
    auto future = asked.get_future();
    RunningServer running(router);
    Client client(running.server().port());
    Client idle(running.server().port());
    client.write("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
    auto reply = std::make_optional(future.get());

    SECTION("answered in time") {
        auto stopped = std::async(std::launch::async, [&] { running.stop(); });
        CHECK(idle.is_closed());
        reply->send({200, "text/plain", {}, "done"});
        CHECK(client.read().body == "done");
        stopped.get();
    }
    SECTION("answered too late") {
        running.stop();
        CHECK(client.read().status == 0);
        reply->send({200, "text/plain", {}, "late"});
    }
    reply.reset();
    CHECK(running.server().connection_count() == 0);
}

TEST_CASE("a port in use is an error that names the address", "[gateway][http]") {
    const auto router = echo_router();
    RunningServer running(router);
    boost::asio::io_context io(1);
    std::vector<boost::asio::io_context*> ios{&io};
    MemoryAccount memory(1);
    Metrics metrics;
    gateway::HttpServer other(ios, router, memory, metrics);
    const auto taken = other.listen("127.0.0.1", running.server().port(), {});
    REQUIRE(!taken);
    CHECK(taken.error().code == Errc::io);
    CHECK_THAT(taken.error().context, Catch::Contains("127.0.0.1:"));
    CHECK(other.listen("nowhere", 1, {}).error().code == Errc::malformed);
}
