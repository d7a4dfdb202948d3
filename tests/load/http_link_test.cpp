// Goal: responses are taken however the bytes arrive, and whatever is no response ends the link.
// Method: a socket pair instead of a server.
#include <load/http_link.hpp>

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace holdfast::load;

namespace {

struct Fixture {
    Fixture() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
        peer = ends[1];
        link = std::make_unique<HttpLink>(
            ends[0], [this](HttpLink&, unsigned status, auto) { statuses.push_back(status); });
        loop.add(*link);
    }
    ~Fixture() { ::close(peer); }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;

    void answer(std::string_view text) {
        REQUIRE(::send(peer, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
        loop.turn(1'000'000'000);
    }
    std::string request() {
        std::array<char, 4096> text{};
        const ssize_t got = ::recv(peer, text.data(), text.size(), 0);
        REQUIRE(got > 0);
        return {text.data(), static_cast<std::size_t>(got)};
    }

    Loop loop;
    int peer = -1;
    std::vector<unsigned> statuses;
    std::unique_ptr<HttpLink> link;
};

} // namespace

TEST_CASE("a POST says where, what and how long", "[load][http]") {
    Fixture fixture;
    fixture.link->post(make_post("h:1", "/api/v1/publish/a/b", "application/json", "{}"));
    CHECK(fixture.request() ==
          "POST /api/v1/publish/a/b HTTP/1.1\r\nHost: h:1\r\nContent-Type: "
          "application/json\r\nContent-Length: 2\r\n\r\n{}");
    CHECK_FALSE(fixture.link->idle());
}

TEST_CASE("a response may come byte by byte", "[load][http]") {
    Fixture fixture;
    fixture.link->post("x");
    const std::string_view response = "HTTP/1.1 200 OK\r\ncontent-length:  3\r\nA: b\r\n\r\n{ }";
    for (std::size_t i = 0; i < response.size(); ++i) {
        CHECK(fixture.statuses.empty());
        fixture.answer(response.substr(i, 1));
    }
    CHECK(fixture.statuses == std::vector<unsigned>{200});
    CHECK(fixture.link->idle());
}

TEST_CASE("a refusal is a response, and the link goes on", "[load][http]") {
    Fixture fixture;
    fixture.link->post("x");
    fixture.answer("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    fixture.link->post("x");
    fixture.answer("HTTP/1.1 204 No Content\r\n\r\n");
    CHECK(fixture.statuses == std::vector<unsigned>{503, 204});
    CHECK_FALSE(fixture.link->closed());
}

TEST_CASE("what is no response closes the link with a reason", "[load][http]") {
    const auto* text =
        GENERATE("SSH-2.0-x\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n");
    CAPTURE(text);
    Fixture fixture;
    fixture.link->post("x");
    fixture.answer(text);
    CHECK(fixture.link->closed());
    CHECK_FALSE(fixture.link->close_reason().empty());
    CHECK(fixture.loop.failures() == 1);
}
