// Goal: a browser signs in, is told what its user may do, and out; guessing gets slower, and no
// answer says which names there are. Method: REST with users in files, a raw client.
#include "gateway/identity_site.hpp"

using namespace holdfast;
using Catch::Matchers::Contains;
using test::IdentitySite;
using Lines = std::vector<std::string>;

TEST_CASE("a right password gives a cookie that scripts and foreign pages do not get",
          "[gateway][login]") {
    IdentitySite site;
    const auto answer = site.login("eve", "correct horse");
    CHECK(answer.status == 200);
    CHECK(answer.body == R"({"name":"eve"})");
    CHECK_THAT(answer.head, Contains("; Path=/; HttpOnly; SameSite=Strict\r\n"));
    CHECK_THAT(answer.head, Contains("Cache-Control: no-store"));
    const auto page = IdentitySite::page(answer);
    const auto me = site.client->send("GET", "/api/v1/me", "", page);
    CHECK(me.status == 200);
    CHECK_THAT(me.body, Contains(R"("name":"eve","kind":"user","roles":["viewer"])"));
    CHECK(site.client->send("POST", "/api/v1/logout", "", page).status == 204);
    CHECK(site.client->send("GET", "/api/v1/me", "", page).status == 401);
    CHECK(site.audit.take() == Lines{"eve|login||done|", "eve|logout||done|"});
    CHECK(site.client->send("POST", "/api/v1/logout", "", page).status == 204);
    CHECK(site.audit.take().empty());
}

TEST_CASE("over TLS the cookie goes nowhere else", "[gateway][login]") {
    const test::TlsDoor tls;
    IdentitySite site(true, &tls);
    const auto answer = site.login("eve", "correct horse");
    CHECK_THAT(answer.head, Contains("; Path=/; HttpOnly; SameSite=Strict; Secure\r\n"));
}

TEST_CASE("what is wrong with a name or a password is not told", "[gateway][login]") {
    IdentitySite site;
    const auto wrong = site.login("eve", "correct cat");
    CHECK(wrong.status == 401);
    CHECK_FALSE(wrong.has("Basic")); // else the browser would open its own dialogue
    CHECK_FALSE(wrong.has("Set-Cookie"));
    CHECK(site.login("nobody", "correct horse").body == wrong.body);
    CHECK(site.login("ida", "").body == wrong.body);
    CHECK(site.audit.take() == Lines{"eve|login||refused|user name or password is wrong",
                                     "nobody|login||refused|user name or password is wrong",
                                     "ida|login||refused|user name or password is wrong"});
}

TEST_CASE("a login after too many failures is told how long to wait", "[gateway][login]") {
    IdentitySite site;
    for (int i = 0; i < 5; ++i) CHECK(site.login("eve", "correct cat").status == 401);
    const auto locked = site.login("eve", "correct horse");
    CHECK(locked.status == 429);
    CHECK_THAT(locked.head, Contains("Retry-After: 1\r\n"));
    CHECK(site.login("anne", "correct horse").status == 200);
}

TEST_CASE("a login that is none is refused by name", "[gateway][login]") {
    IdentitySite site;
    const auto post = [&](std::string_view body) {
        return site.client->send("POST", "/api/v1/login", body);
    };
    CHECK_THAT(post(R"({"user":"a","pass":"b"})").body, Contains("'pass' is none of user, pass"));
    CHECK_THAT(post(R"({"user":"a"})").body, Contains("password: is missing"));
    CHECK_THAT(post(R"({"user":"a","password":7})").body, Contains("password: a text is expected"));
    CHECK(post("[]").status == 400);
    CHECK(post("").status == 400);
    CHECK(post(R"({"user":"a","password":")" + std::string(9'000, 'x') + "\"}").status == 413);
    CHECK(site.client->send("POST", "/api/v1/login", "", "Transfer-Encoding: chunked\r\n").status ==
          400); // and a length: whoever forges requests, not a browser
    test::Client other(site.running->server().port());
    other.write(
        "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
    CHECK(other.read().status == 413);
    site.client = std::make_unique<test::Client>(site.running->server().port());
    const auto foreign =
        site.client->send("POST", "/api/v1/login", R"({"user":"eve","password":"correct horse"})",
                          "Origin: http://evil.example\r\n");
    CHECK(foreign.status == 403);
}

TEST_CASE("one is told what one may do", "[gateway][login]") {
    IdentitySite site;
    const auto eve = site.as("eve", "GET", "/api/v1/me").body;
    CHECK_THAT(eve, Contains(R"("kind":"token")"));
    CHECK_THAT(eve, Contains(R"("areas":{"alarms":["read"]})"));
    CHECK_THAT(eve, Contains(R"("topics":[{"allow":["subscribe"],"topics":["plant/eve/#"]}])"));
    CHECK_THAT(eve, Contains(R"("streams":[{"deny":["read"],"streams":["secret"]},)"
                             R"({"allow":["read"],"streams":["*"]}])"));
    const auto anne = site.as("anne", "GET", "/api/v1/me").body;
    CHECK_THAT(anne, Contains(R"("users":["read","write","manage","administer"])"));
    CHECK_THAT(anne, Contains(R"("topics":[{"allow":["publish","subscribe"],"topics":["#"]}])"));
    CHECK_THAT(site.as("ida", "GET", "/api/v1/me").body,
               Contains(R"("areas":{},"topics":[],"streams":[])"));
    CHECK(site.client->get("/api/v1/me").status == 401);
}

TEST_CASE("a site without users says how to get them", "[gateway][login]") {
    IdentitySite site(false);
    for (const char* target :
         {"/api/v1/users", "/api/v1/users/eve", "/api/v1/roles", "/api/v1/tokens"}) {
        CAPTURE(target);
        const auto answer = site.client->get(target);
        CHECK(answer.status == 409);
        CHECK_THAT(answer.body, Contains("holdfast init"));
    }
    CHECK(site.login("a", "b").status == 409);
    CHECK(site.client->send("POST", "/api/v1/users", "{}").status == 409);
    CHECK(site.client->send("POST", "/api/v1/users/a/password", "{}").status == 409);
    CHECK(site.client->send("POST", "/api/v1/tokens", "{}").status == 409);
    const auto me = site.client->get("/api/v1/me");
    CHECK(me.status == 200);
    CHECK_THAT(me.body, Contains(R"("name":"","kind":"anonymous","roles":[],"has_users":false)"));
    CHECK_THAT(me.body, Contains(R"("users":["read","write","manage","administer"])"));
}
