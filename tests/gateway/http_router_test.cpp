// Goal: paths, queries and captures are decoded and matched as documented. Method: no server; a
// reply whose executor is run by hand.
#include <holdfast/gateway/http/router.hpp>

#include <holdfast/gateway/http/caller.hpp>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace holdfast;
using namespace holdfast::gateway;

namespace {

HttpResponse ask(const Router& router, const std::string& method, const std::string& path) {
    boost::asio::io_context io(1);
    HttpResponse answer{0, {}, {}, {}};
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.caller = everybody();
    router.handle(request, Reply(io.get_executor(), std::make_shared<Gate>(),
                                 [&](HttpResponse response) { answer = std::move(response); }));
    io.run();
    return answer;
}

Router sample() {
    Router router;
    const auto show = [](const HttpRequest& request, const Reply& reply) {
        std::string body;
        for (const auto& [name, value] : request.captures) body += name + "=" + value + ";";
        reply.send({200, "text/plain", {}, body});
    };
    router.add("GET", "/s", {}, Right::open("a test"), show);
    router.add("GET", "/s/{name}", {}, Right::open("a test"), show);
    router.add("DELETE", "/s/{name}", {}, Right::open("a test"), show);
    router.add("GET", "/s/{name}/records", {}, Right::open("a test"), show);
    router.add("POST", "/p/{topic...}", {}, Right::open("a test"), show);
    return router;
}

} // namespace

TEST_CASE("captures are decoded level by level", "[gateway][router]") {
    const auto router = sample();
    CHECK(ask(router, "GET", "/s/a%2Fb/records").body == "name=a/b;");
    CHECK(ask(router, "POST", "/p/plant/1/in").body == "topic=plant/1/in;");
    CHECK(ask(router, "POST", "/p/a%2fb/%E2%82%AC+").body == "topic=a/b/\u20ac+;");
    CHECK(ask(router, "POST", "/p/a//b/").body == "topic=a//b/;");
}

TEST_CASE("unknown paths are 404, known ones with another method 405", "[gateway][router]") {
    const auto router = sample();
    for (const char* path : {"/", "", "/s/", "/s/a/b", "/s/a/records/x", "/t", "//s"}) {
        CAPTURE(path);
        CHECK(ask(router, "GET", path).status == 404);
    }
    CHECK(ask(router, "POST", "/p/").status == 404);
    const auto answer = ask(router, "PUT", "/s/a");
    CHECK(answer.status == 405);
    REQUIRE(answer.headers.size() == 1);
    CHECK(answer.headers[0].second == "GET, HEAD, DELETE");
}

TEST_CASE("a fixed level and a capture share a path, each with its methods", "[gateway][router]") {
    Router router;
    const auto say = [](const char* what) {
        return [what](const HttpRequest& request, const Reply& reply) {
            const auto name = request.captures.empty() ? "" : request.captures[0].second;
            reply.send({200, "text/plain", {}, what + name});
        };
    };
    router.add("POST", "/s/test", {}, Right::open("a test"), say("tried"));
    router.add("GET", "/s/{name}", {}, Right::open("a test"), say("shown "));
    router.add("DELETE", "/s/{name}", {}, Right::open("a test"), say("deleted "));
    router.add("GET", "/s/{other}", {}, Right::open("a test"), say("never "));
    CHECK(ask(router, "POST", "/s/test").body == "tried");
    CHECK(ask(router, "GET", "/s/test").body == "shown test");
    CHECK(ask(router, "HEAD", "/s/test").status == 200);
    CHECK(ask(router, "DELETE", "/s/test").body == "deleted test");
    CHECK(ask(router, "POST", "/s/x").status == 405);
    const auto answer = ask(router, "PUT", "/s/test");
    CHECK(answer.status == 405);
    REQUIRE(answer.headers.size() == 1);
    CHECK(answer.headers[0].second == "POST, GET, HEAD, DELETE");
}

TEST_CASE("a query is decoded into its parameters", "[gateway][query]") {
    const auto query = parse_query("a=1&b=x%26y+z&&c");
    REQUIRE(query);
    CHECK(query.value() == NamedValues{{"a", "1"}, {"b", "x&y z"}, {"c", ""}});
    CHECK(parse_query("a=%zz").error().code == Errc::malformed);
    CHECK(parse_query("a=%").error().code == Errc::malformed);
    std::string many;
    for (int i = 0; i < 65; ++i) many += "a&";
    CHECK(parse_query(many).error().code == Errc::malformed);
}

TEST_CASE("parameters are checked by name and bounds", "[gateway][query]") {
    HttpRequest request;
    request.query = {{"limit", "10"}, {"x", "1"}, {"y", "9z"}, {"x", "2"}};
    CHECK(request.integer("limit", 5, 1, 10).value() == 10);
    CHECK(request.integer("none", 5, 1, 10).value() == 5);
    CHECK(request.integer("limit", 5, 1, 9).error().code == Errc::malformed);
    CHECK(request.integer("y", 5, 1, 10).error().code == Errc::malformed);
    CHECK_THAT(request.expect_only(std::vector<std::string>{"limit", "x"}).error().context,
               Catch::Contains("twice") || Catch::Contains("'y'"));
    CHECK(request.expect_only(std::vector<std::string>{}).error().code == Errc::malformed);
}
