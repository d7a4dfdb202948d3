// Goal: on a site with users every command that asks a server can say who asks. Method: the program
// and its commands, with a token in a file and in the environment.
#include "app/site.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/identity/tokens.hpp>
#include <holdfast/identity/users.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::test;
using Catch::Contains;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: off, http: "127.0.0.1:0"}
log_level: error
access: access.yaml
users: users
streams: {telemetry: {partitions: 1}}
)";
const char* const kAccess = R"(
roles:
  operator:
    - {allow: [read, write], streams: ["*"]}
    - {allow: read, areas: [query, clients]}
    - {allow: administer, areas: [backup]}
)";

std::string make_operator(const std::filesystem::path& users_file) {
    const auto token = identity::make_token("olga", "", SystemClock().now_ms(), 0);
    const auto made = identity::change_users(users_file, [&](identity::Users& users) {
        users.users.push_back({"olga", {"operator"}, "", false});
        users.tokens.push_back(token.stored);
        return ok();
    });
    if (!made) throw std::runtime_error(made.error().context);
    return token.text;
}

} // namespace

TEST_CASE("commands that ask a server show it a token", "[app][commands]") {
    const Site site(kConfig);
    write_file(site.directory() / "access.yaml", kAccess);
    const std::string token = make_operator(site.directory() / "users");
    const auto token_file = (site.directory() / "token").string();
    write_file(token_file, token + "\n");
    const auto server = site.start();
    const auto url = fmt::format("http://127.0.0.1:{}", server->port("http"));
    const std::vector<std::vector<std::string>> commands{
        {"query", "SELECT name FROM streams"},
        {"clients"},
        {"backup", (site.directory() / "backup").string()},
        {"log", "tail", "telemetry", "--from", "0", "--limit", "1"}};
    const std::string record = R"({"value":1})";
    Socket http(server->port("http"));
    REQUIRE(http_send(http, fmt::format("POST /api/v1/streams/telemetry/records HTTP/1.1\r\n"
                                        "Host: localhost\r\nAuthorization: Bearer {}\r\n"
                                        "Content-Type: application/json\r\n"
                                        "Content-Length: {}\r\n\r\n{}",
                                        token, record.size(), record))
                .status == 200);
    for (auto words : commands) {
        words.insert(words.end(), {"--url", url});
        INFO(words.front());
        const auto nobody = run_holdfast(words);
        CHECK(nobody.exit_code == 1);
        CHECK_THAT(nobody.errors, Contains("sign in first"));

        auto with_variable = words;
        with_variable.insert(with_variable.begin(),
                             {"/usr/bin/env", "HOLDFAST_TOKEN=" + token, HOLDFAST_PROGRAM});
        if (words.front() != "backup") CHECK(Child(with_variable).wait() == 0);

        words.insert(words.end(), {"--token-file", token_file});
        const auto known = run_holdfast(words);
        CHECK(known.errors == "");
        CHECK(known.exit_code == 0);
    }
}

TEST_CASE("what cannot be a token is not sent", "[app][commands]") {
    const Site site(kConfig);
    const auto file = (site.directory() / "token").string();
    write_file(file, "hft_1\r\nHost: elsewhere");
    const auto refused = run_holdfast({"clients", "--token-file", file});
    CHECK(refused.exit_code == 1);
    CHECK_THAT(refused.errors, Contains(file + ": this is not an API token"));
    const auto missing = run_holdfast({"clients", "--token-file", file + "s"});
    CHECK(missing.exit_code == 1);
    CHECK_THAT(missing.errors, Contains(file + "s"));
}
