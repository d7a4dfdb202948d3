// Goal: a body that is made while it is sent arrives whole, holds one piece at a time, and is seen
// to be broken where it breaks. Method: generators and files behind a running server, read by the
// tools' client and by a raw one.
#include <holdfast/alarms/registry.hpp>
#include <holdfast/gateway/http/client.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/generated_body.hpp>
#include <support/temp_dir.hpp>
#include "gateway/http_client.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <stdexcept>
#include <string>

using namespace holdfast;
using namespace holdfast::gateway;
using namespace holdfast::test;

namespace {

// A server with one route, `/body`.
struct Served {
    explicit Served(std::function<Result<NextPiece>()> make) {
        router.add("GET", "/body", {}, Right::open("a test"),
                   [this, make = std::move(make)](const HttpRequest&, const Reply& reply) {
                       HttpResponse response{200, "text/plain"};
                       response.stream = make_generated_body(queue, reply, make().value());
                       reply.send(std::move(response));
                   });
        running.emplace(router);
    }
    ~Served() {
        running->stop();
        queue.stop();
    }
    [[nodiscard]] Result<HttpResponse> get() {
        auto client =
            HttpClient::connect({fmt::format("http://127.0.0.1:{}", running->server().port())});
        HttpRequest request;
        request.method = "GET";
        request.path = "/body";
        return client.value().send(request);
    }

    WorkQueue queue{1};
    Router router;
    std::optional<RunningServer> running;
};

NextPiece counted(int pieces) {
    return [n = 0, pieces]() mutable -> Result<std::optional<std::string>> {
        if (n == pieces) return std::optional<std::string>{};
        ++n;
        return std::optional(n == 2 ? std::string() : fmt::format("piece {}\n", n));
    };
}

} // namespace

TEST_CASE("a generated body arrives whole, and the connection goes on", "[gateway][http]") {
    Served at([] { return counted(4); });
    const auto answer = at.get();
    REQUIRE(answer);
    CHECK(answer.value().body == "piece 1\npiece 3\npiece 4\n"); // an empty piece is no end
    Client raw(at.running->server().port());
    raw.write("GET /body HTTP/1.0\r\n\r\n");
    const auto old = raw.read();
    CHECK(old.status == 200);
    CHECK_FALSE(old.has("chunked"));
}

TEST_CASE("a body that breaks is seen to be broken", "[gateway][http]") {
    const bool throws = GENERATE(false, true);
    Served at([throws]() -> Result<NextPiece> {
        return NextPiece([n = 0, throws]() mutable -> Result<std::optional<std::string>> {
            if (++n < 3) return std::optional<std::string>("half");
            if (throws) throw std::runtime_error("of a generator");
            return fail(Errc::corrupt, "a chunk of the series is damaged");
        });
    });
    const auto answer = at.get();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::io);
    CHECK_FALSE(at.get()); // and the server goes on
}

TEST_CASE("pieces are made when the client takes them", "[gateway][http]") {
    std::atomic<int> made{0};
    Served at([&made]() -> Result<NextPiece> {
        return NextPiece([&made]() -> Result<std::optional<std::string>> {
            ++made;
            return std::optional(std::string(kPieceBytes, 'x')); // without end
        });
    });
    Client raw(at.running->server().port());
    raw.write("GET /body HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // The client does not read: once the sockets' buffers are full nothing more is made. A second
    // client, served after it by the same thread and queue, shows that the first one waits.
    int before = -1;
    while (before != made) {
        before = made;
        Client other(at.running->server().port());
        CHECK(other.get("/nothing").status == 404);
        CHECK(other.get("/nothing").status == 404);
    }
    CHECK(made < 1'000); // 64 MB: what kernels hold for one socket is far less
}

TEST_CASE("a file is a body", "[gateway][http]") {
    const TempDir dir;
    const auto file = dir.path() / "page.txt";
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += fmt::format("line {}\n", i);
    std::ofstream(file, std::ios::binary) << text;
    Served at([&file] { return pieces_of_file(file); });
    const auto answer = at.get();
    REQUIRE(answer);
    CHECK(answer.value().body == text);
    CHECK(pieces_of_file(dir.path() / "none").error().code == Errc::not_found);
    CHECK(pieces_of_file(dir.path()).error().code == Errc::not_found);
}

TEST_CASE("a list of thousands of alarms comes whole", "[gateway][rest]") {
    alarms::Registry registry;
    std::vector<alarms::Alarm> all(3'000);
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].source = "rule";
        all[i].name = "hot";
        all[i].key = fmt::format("device-{}", i);
        all[i].details_json = R"({"text":")" + std::string(200, 'x') + "\"}";
    }
    registry.apply(all);
    WorkQueue queue(1);
    Router router;
    add_alarm_routes(router, registry, queue);
    RunningServer running(router);
    {
        auto client =
            HttpClient::connect({fmt::format("http://127.0.0.1:{}", running.server().port())});
        HttpRequest request;
        request.method = "GET";
        request.path = "/api/v1/alarms?limit=10000";
        const auto answer = client.value().send(request);
        REQUIRE(answer);
        const std::string& body = answer.value().body;
        CHECK(body.size() > 600'000);
        CHECK(body.front() == '[');
        CHECK(body.back() == ']');
        std::size_t count = 0;
        for (auto at = body.find("\"key\""); at != std::string::npos;
             at = body.find("\"key\"", at + 1))
            ++count;
        CHECK(count == all.size());
        CHECK(body.find("}{") == std::string::npos);
        CHECK(body.find(",,") == std::string::npos);
    }
    running.stop();
    queue.stop();
}
