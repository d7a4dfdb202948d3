// Goal: a rule of a user who loses a right, or is removed, stops within a second, says why, and
// goes on when the right is back. Method: the program itself and its files.
#include "app/site.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/identity/tokens.hpp>
#include <holdfast/identity/users.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <chrono>

using namespace holdfast::test;
using Catch::Contains;
using holdfast::identity::Users;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: off, http: "127.0.0.1:0"}
log_level: error
access: access.yaml
users: users
)";

std::string access(const char* topics) {
    return fmt::format(R"(
roles:
  maker:
    - {{allow: [read, manage], areas: [rules, models]}}
    - {{allow: [subscribe, publish], topics: ["{}"]}}
    - {{allow: read, streams: ["events"]}}
)",
                       topics);
}

struct Http {
    HttpAnswer send(const std::string& method, const std::string& target, const std::string& body) {
        return http_send(socket, fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n"
                                             "Authorization: Bearer {}\r\n"
                                             "Content-Length: {}\r\n\r\n{}",
                                             method, target, token, body.size(), body));
    }
    // Asks until the answer holds the text.
    bool comes(const std::string& target, const std::string& text) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (std::chrono::steady_clock::now() < deadline)
            if (send("GET", target, "").body.find(text) != std::string::npos) return true;
        return false;
    }
    Socket socket;
    std::string token;
};

} // namespace

TEST_CASE("rules and models stop with the rights of their maker", "[app][rights]") {
    const Site site(kConfig);
    write_file(site.directory() / "access.yaml", access("plant/#"));
    const auto now_ms = holdfast::SystemClock().now_ms();
    const auto eve = holdfast::identity::make_token("eve", "", now_ms, 0);
    const auto adam = holdfast::identity::make_token("adam", "", now_ms, 0);
    const auto users_file = site.directory() / "users";
    REQUIRE(holdfast::identity::change_users(users_file, [&](Users& users) {
        users.users = {{"eve", {"maker"}, "", false}, {"adam", {"maker"}, "", false}};
        users.tokens = {eve.stored, adam.stored};
        return holdfast::ok();
    }));
    const auto server = site.start();
    Http as_eve{Socket(server->port("http")), eve.text};
    Http as_adam{Socket(server->port("http")), adam.text};
    const auto made = as_eve.send(
        "POST", "/api/v1/rules", "CREATE RULE r AS SELECT v FROM 'plant/#' THEN PUBLISH 'plant/x'");
    REQUIRE(made.status == 201);
    CHECK_THAT(made.body, Contains(R"("made_by":"eve")") && Contains(R"("status":"running")"));
    REQUIRE(as_eve
                .send("POST", "/api/v1/models",
                      "name: m\nkind: seasonal_range\nsource: events\nfields: [v]\n"
                      "warmup: 1d\n")
                .status == 201);

    write_file(site.directory() / "access.yaml", access("plant/1/#"));
    CHECK(as_adam.comes("/api/v1/rules/r", R"("status":"paused")"));
    CHECK_THAT(as_adam.send("GET", "/api/v1/rules/r", "").body,
               Contains("its maker 'eve' may not do it any more: subscribe of") &&
                   Contains("no rule allows it"));
    write_file(site.directory() / "access.yaml", access("plant/#"));
    CHECK(as_adam.comes("/api/v1/rules/r", R"("status":"running")"));

    std::string lines;
    for (int i = 0; i < 60; ++i)
        lines +=
            fmt::format("{{\"topic\":\"plant/1\",\"payload\":{{\"v\":{},\"w\":{}}},\"ts\":{}}}\n",
                        i % 7, i, 1'700'000'000'000 + i * 1'000LL);
    REQUIRE(as_eve.send("POST", "/api/v1/publish", lines).status == 200);
    REQUIRE(as_eve
                .send("POST", "/api/v1/models/t/train",
                      "name: t\nsource: {stream: events}\nsignals: [v]\ntarget: {column: w}\n"
                      "folds: {count: 2}\nalgorithm: linear\n")
                .status == 202);
    REQUIRE(as_eve.comes("/api/v1/trainings", R"("state":"done")"));
    REQUIRE(as_eve.send("POST", "/api/v1/models/t/versions/1/promote", "").status == 200);
    CHECK(
        as_adam.comes("/api/v1/models/t/predictions", R"("promoted_by":"eve","status":"running")"));

    REQUIRE(holdfast::identity::change_users(users_file, [&](Users& users) {
        std::erase_if(users.tokens, [](const auto& token) { return token.user == "eve"; });
        std::erase_if(users.users, [](const auto& user) { return user.name == "eve"; });
        return holdfast::ok();
    }));
    CHECK(as_adam.comes("/api/v1/rules/r", "its maker 'eve' is gone or disabled"));
    CHECK(as_adam.comes("/api/v1/models/m", "its maker 'eve' is gone or disabled"));
    CHECK(as_adam.comes("/api/v1/models/t/predictions", "its maker 'eve' is gone or disabled"));
}
