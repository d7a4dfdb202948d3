// Goal: the page is served as it was built, and browsers keep what cannot change. Method: the
// routes behind a real server, raw requests. A build without the page says so instead.

#include "gateway/http_client.hpp"

#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/page.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct Site {
    Site() { gateway::add_page_routes(router); }
    ~Site() { running.stop(); }
    Answer get(std::string_view path, std::string_view headers = "") {
        return client.send("GET", path, "", headers);
    }
    gateway::Router router;
    RunningServer running{router};
    Client client{running.server().port()};
};

// Where the server is built with it: a file whose name says its content.
const gateway::PageFile& asset() {
    return gateway::page_files().back();
}

bool is_built() {
    if (!gateway::page_files().empty()) return true;
    WARN("this build is without the page: not tested");
    return false;
}

} // namespace

TEST_CASE("a server that was built without its page says how to build it", "[rest][page]") {
    if (!gateway::page_files().empty()) return;
    Site site;
    const auto answer = site.get("/");
    CHECK(answer.status == 404);
    CHECK_THAT(answer.body, Catch::Contains("HF_WEB=ON"));
}

TEST_CASE("the page loads nothing from elsewhere and is asked for again", "[rest][page]") {
    if (!is_built()) return;
    Site site;
    const auto answer = site.get("/");
    CHECK(answer.status == 200);
    CHECK(answer.has("Content-Type: text/html; charset=utf-8"));
    CHECK(answer.has("Cache-Control: no-cache"));
    CHECK(answer.has("X-Content-Type-Options: nosniff"));
    CHECK(answer.has("Content-Security-Policy: default-src 'none'; script-src 'self';"));
    CHECK_FALSE(answer.has("unsafe-inline"));
    CHECK_FALSE(answer.has("Content-Encoding"));
    CHECK_THAT(answer.body, Catch::Contains("<!doctype html>") && !Catch::Contains("http:") &&
                                !Catch::Contains("https:"));
}

TEST_CASE("a file of the page has a name for ever and is not sent twice", "[rest][page]") {
    if (!is_built()) return;
    Site site;
    const std::string path(asset().path);
    const auto plain = site.get(path);
    CHECK(plain.status == 200);
    CHECK(plain.has("Cache-Control: public, max-age=31536000, immutable"));
    CHECK(plain.has("Vary: Accept-Encoding"));
    const auto small = site.get(path, "Accept-Encoding: br, gzip\r\n");
    CHECK(small.has("Content-Encoding: gzip"));
    CHECK(small.body.size() == asset().gzip.size());
    CHECK(small.body.size() < plain.body.size() + 64);

    const auto same = site.get(path, fmt::format("If-None-Match: W/{}\r\n", asset().etag));
    CHECK(same.status == 304);
    CHECK(same.has(fmt::format("ETag: {}", asset().etag)));
    CHECK_FALSE(same.has("Content-Length"));
    CHECK(site.get(path, "If-None-Match: \"other\"\r\n").status == 200);
}

TEST_CASE("who takes no gzip gets the page as it is", "[rest][page]") {
    if (!is_built()) return;
    Site site;
    const auto* const accept =
        GENERATE("", "Accept-Encoding: identity\r\n", "Accept-Encoding: br;q=1, gzip;q=0\r\n",
                 "Accept-Encoding: gzip;q=0.000\r\n");
    CHECK_FALSE(site.get("/", accept).has("Content-Encoding"));
    CHECK(site.get("/", "Accept-Encoding: gzip;q=0.5\r\n").has("Content-Encoding: gzip"));
}

TEST_CASE("what the page does not have is not found", "[rest][page]") {
    Site site;
    CHECK(site.get("/assets/page-00000000.js").status == 404);
    CHECK(site.get("/assets/..%2fpage").status == 404);
    CHECK(site.client.send("POST", "/", "x", "").status == 405);
}
