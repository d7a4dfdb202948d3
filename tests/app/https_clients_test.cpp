// Goal: clients that are not ours reach HTTP over TLS as it is configured, and certificates are
// changed under them. Method: curl, and our own commands, against the program; where curl is not
// installed it warns and passes.

#include "app/tls_site.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/identity/password.hpp>
#include <holdfast/identity/tokens.hpp>
#include <holdfast/identity/users.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

using namespace holdfast::test;
using Catch::Contains;
using holdfast::identity::Users;

namespace {

const char* const kCurl = "/usr/bin/curl";

bool is_installed() {
    if (std::filesystem::exists(kCurl)) return true;
    WARN("curl is not installed: not tested");
    return false;
}

std::string url(std::uint16_t port, const std::string& target) {
    return fmt::format("https://localhost:{}{}", port, target);
}

// The status; 0 where no answer came.
unsigned status_of(const TlsSite& site, std::uint16_t port, const std::vector<std::string>& more) {
    std::vector<std::string> words{kCurl,          "-s", "-o", "/dev/null", "-w",
                                   "%{http_code}", "-m", "30", "--cacert",  site.path("ca.crt")};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(url(port, "/api/v1/alarms"));
    return static_cast<unsigned>(std::stoul(run(words).output));
}

// HTTP alone, over TLS and in clear, with users: alice has a password and a token, press-7 a
// certificate.
std::string add_users(const TlsSite& site) {
    write_file(site.file("site.yaml"), R"(
listeners:
  mqtt: off
  http:
    - address: "0.0.0.0:0"
      tls: {certificate: server.crt, key: server.key, client_ca: ca.crt, clients: asked}
    - "0.0.0.0:0"
access: access.yaml
users: users
)");
    write_file(site.file("access.yaml"),
               "roles:\n  viewer:\n    - {allow: read, areas: [alarms]}\nanonymous: []\n");
    const auto token =
        holdfast::identity::make_token("alice", "", holdfast::SystemClock().now_ms(), 0);
    const auto hash =
        holdfast::identity::hash_password("correct horse", {.memory_kib = 64, .passes = 1});
    REQUIRE(hash);
    REQUIRE(holdfast::identity::change_users(site.file("users"), [&](Users& users) {
        users.users = {{"alice", {"viewer"}, hash.value(), false},
                       {"press-7", {"viewer"}, "", false}};
        users.tokens.push_back(token.stored);
        return holdfast::ok();
    }));
    return token.text;
}

} // namespace

TEST_CASE("curl signs in over HTTPS with a password, a token or a certificate", "[app][tls]") {
    if (!is_installed()) return;
    const TlsSite site;
    const std::string token = add_users(site);
    const auto server = site.start();
    const auto port = port_in(server->output(), "https");
    REQUIRE(port != 0);
    CHECK_THAT(server->output(), Contains("http 0.0.0.0:0: without TLS passwords"));
    CHECK(status_of(site, port, {}) == 401);
    CHECK(status_of(site, port, {"-u", "alice:correct horse"}) == 200);
    CHECK(status_of(site, port, {"-u", "alice:wrong horse"}) == 401);
    CHECK(status_of(site, port, {"-H", "Authorization: Bearer " + token}) == 200);
    const std::vector<std::string> certificate{"--cert", site.path("press.crt"), "--key",
                                               site.path("press.key")};
    CHECK(status_of(site, port, certificate) == 200);
    auto both = certificate;
    both.insert(both.end(), {"-H", "Authorization: Bearer " + token});
    CHECK(status_of(site, port, both) == 403);
    CHECK(run({kCurl, "-s", "-m", "30", url(port, "/healthz")}).exit_code == 60); // unknown CA

    const std::string jar = site.path("cookies");
    const auto signed_in =
        run({kCurl, "-s", "-m", "30", "--cacert", site.path("ca.crt"), "-c", jar, "-H",
             "Content-Type: application/json", "-d",
             R"({"user": "alice", "password": "correct horse"})", url(port, "/api/v1/login")});
    CHECK(signed_in.output == R"({"name":"alice"})");
    CHECK(status_of(site, port, {"-b", jar}) == 200);
    CHECK(run({kCurl, "-s", "-m", "30", "--cacert", site.path("ca.crt"), "-b", jar, "-X", "POST",
               url(port, "/api/v1/logout")})
              .exit_code == 0);
    CHECK(status_of(site, port, {"-b", jar}) == 401);
}

TEST_CASE("who speaks in clear on a TLS port, or TLS on another, is told of in the log",
          "[app][tls]") {
    if (!is_installed()) return;
    const TlsSite site;
    const auto server = site.start();
    const auto https = port_in(server->output(), "https");
    const auto http = port_in(server->output(), "http");
    CHECK(run({kCurl, "-s", "-m", "30", fmt::format("http://localhost:{}/healthz", https)})
              .exit_code != 0);
    CHECK(server->wait_for_output("failed: the client speaks in clear, the listener TLS"));
    // At most one line a second is written: asked until there is one.
    for (int i = 0; i < 100 && server->output().find("the listener has none") == std::string::npos;
         ++i)
        CHECK(run({kCurl, "-s", "-m", "30", "--retry", "0", url(http, "/healthz")}).exit_code != 0);
    CHECK(server->wait_for_output("failed: the client speaks TLS, the listener has none"));
    CHECK(run({kCurl, "-s", "-m", "30", fmt::format("http://localhost:{}/healthz", http)}).output ==
          R"({"status":"ok"})");
}

TEST_CASE("an answer that goes on over HTTPS survives a change of certificate", "[app][tls]") {
    if (!is_installed()) return;
    const TlsSite site;
    const auto server = site.start();
    const auto port = port_in(server->output(), "https");
    const std::vector<std::string> curl{kCurl, "-s", "-m", "60", "--cacert", site.path("ca.crt")};
    const auto publish = [&](const std::string& text) {
        auto words = curl;
        words.insert(words.end(), {"--fail", "-d", text, url(port, "/api/v1/publish/t")});
        CHECK(run(words).exit_code == 0);
    };
    publish(R"({"v":"one"})");
    auto words = curl;
    words.insert(words.end(),
                 {"-N", "-H", "Accept: text/event-stream",
                  url(port, "/api/v1/streams/events/records?from=1970-01-01T00:00:01Z")});
    Child tail(words);
    REQUIRE(tail.wait_for_output("one"));
    site.renew_server(20);
    REQUIRE(server->wait_for_output("the certificate of https 127.0.0.1:0 was read again"));
    publish(R"({"v":"two"})");
    CHECK(tail.wait_for_output("two"));
}

TEST_CASE("our own commands reach a server over https, once they know its CA", "[app][tls]") {
    const TlsSite site;
    const auto server = site.start();
    const std::string at = url(port_in(server->output(), "https"), "");
    const auto asked = run_holdfast(
        {"query", "SELECT name FROM streams", "--url", at, "--ca", site.path("ca.crt")});
    CHECK(asked.errors == "");
    CHECK(asked.exit_code == 0);
    const auto unknown = run_holdfast({"query", "SELECT name FROM streams", "--url", at});
    CHECK(unknown.exit_code == 1);
    CHECK_THAT(unknown.errors, Contains("certificate verify failed"));
    const auto renamed =
        run_holdfast({"query", "SELECT name FROM streams", "--url",
                      "https://127.0.0.2" + at.substr(at.rfind(':')), "--ca", site.path("ca.crt")});
    CHECK(renamed.exit_code == 1); // nobody listens there, or its name is not in the certificate
}
