// Goal: administrators make, change and remove users, and nobody else does; everybody changes the
// own password, and sees to the own tokens; somebody who may administer users is left. Method: REST
// with users in files; what is asked for is looked up in the file.
#include "gateway/identity_site.hpp"

using namespace holdfast;
using Catch::Matchers::Contains;
using test::IdentitySite;
using Lines = std::vector<std::string>;

namespace {

identity::Users stored(const IdentitySite& site) {
    return identity::load_users(site.dir.path() / "users").value();
}

// The text of a member that has no escapes.
std::string member(const std::string& json, const std::string& name) {
    const auto at = json.find("\"" + name + "\":\"") + name.size() + 4;
    return json.substr(at, json.find('"', at) - at);
}

} // namespace

TEST_CASE("users are made, shown, changed and removed", "[gateway][users]") {
    IdentitySite site;
    const auto made = site.as("anne", "POST", "/api/v1/users",
                              R"({"name":"bob","roles":["viewer"],"password":"battery staple"})");
    CHECK(made.status == 201);
    CHECK(made.body ==
          R"({"name":"bob","roles":["viewer"],"disabled":false,"has_password":true,"tokens":0})");
    CHECK(site.login("bob", "battery staple").status == 200);
    CHECK(site.as("anne", "POST", "/api/v1/users", R"({"name":"bob"})").status == 409);

    CHECK_THAT(site.as("anne", "GET", "/api/v1/users?limit=2").body,
               Contains(R"([{"name":"anne")") && !Contains("eve"));
    CHECK_THAT(site.as("anne", "GET", "/api/v1/users?after=bob").body,
               Contains(R"([{"name":"eve")"));
    CHECK(site.as("anne", "GET", "/api/v1/users/bob").body == made.body);
    CHECK(site.as("anne", "GET", "/api/v1/users/ben").status == 404);

    const auto patched = site.as("anne", "PATCH", "/api/v1/users/bob",
                                 R"({"roles":["viewer","boss"],"disabled":true})");
    CHECK(patched.status == 200);
    CHECK_THAT(patched.body, Contains(R"("roles":["viewer","boss"],"disabled":true)"));
    CHECK(site.login("bob", "battery staple").status == 401);
    CHECK(site.as("anne", "PATCH", "/api/v1/users/eve", R"({"password":null})").status == 200);
    CHECK(stored(site).find("eve")->password_hash.empty());
    CHECK(site.as("anne", "DELETE", "/api/v1/users/eve").status == 204);
    CHECK(site.as("anne", "DELETE", "/api/v1/users/eve").status == 404);
    CHECK(stored(site).tokens.size() == 2);

    const auto notes = site.audit.take();
    const std::string users = "anne|POST /api/v1/users|/api/v1/users/bob|done|201: ";
    CHECK_THAT(notes,
               Catch::Matchers::VectorContains(users + "roles:  -> viewer; another password"));
    const std::string one = "anne|PATCH /api/v1/users/{name}|/api/v1/users/";
    CHECK_THAT(notes, Catch::Matchers::VectorContains(
                          one + "bob|done|200: roles: viewer -> viewer, boss; disabled"));
    CHECK_THAT(notes, Catch::Matchers::VectorContains(one + "eve|done|200: no password any more"));
    const std::string gone = "anne|DELETE /api/v1/users/{name}|/api/v1/users/eve|";
    CHECK_THAT(notes, Catch::Matchers::VectorContains(gone + "done|204: 1 tokens of it went, too"));
    CHECK_THAT(notes, Catch::Matchers::VectorContains(gone + "failed|404: there is no user 'eve'"));
}

TEST_CASE("users are for administrators", "[gateway][users]") {
    IdentitySite site;
    for (const char* target : {"/api/v1/users", "/api/v1/users/eve", "/api/v1/roles"})
        CHECK(site.as("eve", "GET", target).status == 403);
    CHECK(site.as("eve", "POST", "/api/v1/users", R"({"name":"x"})").status == 403);
    CHECK(site.as("eve", "PATCH", "/api/v1/users/eve", R"({"roles":["boss"]})").status == 403);
    CHECK(site.as("eve", "DELETE", "/api/v1/users/anne").status == 403);
    CHECK(stored(site).find("eve")->roles == Lines{"viewer"});
    CHECK_THAT(site.audit.take(),
               Catch::Matchers::VectorContains(std::string(
                   "eve|PATCH /api/v1/users/{name}|/api/v1/users/eve|refused|administer of area "
                   "'users' is denied: no rule allows it")));
    CHECK_THAT(site.as("anne", "GET", "/api/v1/roles").body,
               Contains(R"({"name":"boss","anonymous":false,"rules":[{"allow":["all"],)"
                        R"("where":"access.yaml:2"}]})"));
}

TEST_CASE("what a request says wrong of a user is refused by name", "[gateway][users]") {
    IdentitySite site;
    struct Row {
        const char* body;
        const char* reason;
    };
    const auto row = GENERATE(Catch::Generators::values<Row>({
        {R"({"name":"x","role":["viewer"]})", "'role' is none of name, roles, password, disabled"},
        {R"({"roles":[]})", "name: is missing"},
        {R"({"name":"x","name":"y"})", "'name' is given twice"},
        {R"({"name":"a:b"})", "name: 1 to 128 bytes"},
        {R"({"name":""})", "name: 1 to 128 bytes"},
        {R"({"name":"x","roles":["views"]})", "there is no role 'views'; there are boss, viewer"},
        {R"({"name":"x","roles":"viewer"})", "roles: an array of names is expected"},
        {R"({"name":"x","disabled":1})", "disabled: true or false is expected"},
        {R"({"name":"x","password":"short"})", "password: "},
        {R"({"name":"x","password":7})", "password: a text or null is expected"},
    }));
    CAPTURE(row.body);
    const auto answer = site.as("anne", "POST", "/api/v1/users", row.body);
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body, Contains(row.reason));
    CHECK(stored(site).users.size() == 3);
}

TEST_CASE("the last administrator stays one", "[gateway][users]") {
    IdentitySite site;
    const char* const patch = GENERATE(R"({"roles":["viewer"]})", R"({"roles":[]})",
                                       R"({"disabled":true})", R"({"password":null})", "");
    CAPTURE(patch);
    const auto take_away = [&] {
        return *patch == 0 ? site.as("anne", "DELETE", "/api/v1/users/anne")
                           : site.as("anne", "PATCH", "/api/v1/users/anne", patch);
    };
    const auto refused = take_away();
    CHECK(refused.status == 409);
    CHECK_THAT(refused.body, Contains("nobody could change users any more"));
    CHECK(stored(site).find("anne")->roles == Lines{"boss"});
    REQUIRE(site.as("anne", "PATCH", "/api/v1/users/eve", R"({"roles":["boss"]})").status == 200);
    CHECK(take_away().status < 300);
}

TEST_CASE("the own password is changed by who knows the old one", "[gateway][users]") {
    IdentitySite site;
    const auto first = IdentitySite::page(site.login("eve", "correct horse"));
    const auto other = IdentitySite::page(site.login("eve", "correct horse"));
    const auto change = [&](std::string_view user, std::string_view body,
                            std::string_view headers) {
        return site.client->send("POST", "/api/v1/users/" + std::string(user) + "/password", body,
                                 headers);
    };
    const std::string right = R"({"old":"correct horse","new":"battery staple"})";
    CHECK(change("eve", R"({"old":"correct cat","new":"battery staple"})", first).status == 401);
    CHECK(change("eve", R"({"old":"correct horse","new":"short"})", first).status == 400);
    CHECK(change("eve", R"({"old":"correct horse"})", first).status == 400);
    CHECK(change("anne", right, first).status == 403);
    const auto changed = change("eve", right, first);
    CHECK(changed.status == 204);
    // What the old one began is over; the page that asked goes on.
    CHECK(site.client->send("GET", "/api/v1/me", "", first).status == 401);
    CHECK(site.client->send("GET", "/api/v1/me", "", other).status == 401);
    CHECK(site.client->send("GET", "/api/v1/me", "", IdentitySite::page(changed)).status == 200);
    CHECK(site.login("eve", "correct horse").status == 401);
    CHECK(site.login("eve", "battery staple").status == 200);
    CHECK_FALSE(
        site.as("ida", "POST", "/api/v1/users/ida/password", R"({"old":"","new":"battery staple"})")
            .status == 204);
}

TEST_CASE("everybody sees to the own tokens", "[gateway][tokens]") {
    IdentitySite site;
    const auto page = IdentitySite::page(site.login("eve", "correct horse"));
    const auto send = [&](std::string_view method, std::string_view target,
                          std::string_view body = "") {
        return site.client->send(method, target, body, page);
    };
    const auto made = send("POST", "/api/v1/tokens", R"({"label":"report","expires":"12h"})");
    CHECK(made.status == 201);
    CHECK_THAT(made.head, Contains("Cache-Control: no-store"));
    const auto text = member(made.body, "token");
    const auto id = member(made.body, "id");
    const auto bearer = "Authorization: Bearer " + text + "\r\n";
    CHECK(site.client->send("GET", "/api/v1/me", "", bearer).status == 200);
    const auto listed = send("GET", "/api/v1/tokens").body;
    CHECK_THAT(listed, Contains(id) && Contains(R"("label":"report")") && !Contains(text) &&
                           !Contains("anne"));
    // It may not outlive itself in others.
    CHECK(site.client->send("POST", "/api/v1/tokens", "{}", bearer).status == 403);

    CHECK(site.as("ida", "DELETE", "/api/v1/tokens/" + id).status == 404);
    CHECK(send("DELETE", "/api/v1/tokens/" + id).status == 204);
    CHECK(site.client->send("GET", "/api/v1/me", "", bearer).status == 401);
    const auto notes = site.audit.take();
    CHECK_THAT(notes, Catch::Matchers::VectorContains("eve|POST /api/v1/tokens|/api/v1/tokens/" +
                                                      id + "|done|201: of user 'eve'"));
    for (const std::string& note : notes) {
        CHECK_THAT(note, !Contains(text) && !Contains(text.substr(text.find('.') + 1)));
        CHECK_THAT(note, !Contains("correct horse"));
    }
}

TEST_CASE("tokens of others are for administrators", "[gateway][tokens]") {
    IdentitySite site;
    CHECK(site.as("eve", "GET", "/api/v1/tokens?user=anne").status == 403);
    CHECK(site.as("eve", "GET", "/api/v1/tokens?user=*").status == 403);
    CHECK_THAT(site.as("anne", "GET", "/api/v1/tokens?user=*").body,
               Contains("anne") && Contains("ida"));
    const auto made =
        site.as("anne", "POST", "/api/v1/tokens", R"({"user":"ida","expires":"never"})");
    CHECK(made.status == 201);
    CHECK_THAT(made.body, Contains(R"("user":"ida")") && Contains(R"("expires_ms":null)"));
    CHECK(site.as("anne", "POST", "/api/v1/tokens", R"({"user":"none"})").status == 404);
    CHECK_THAT(site.as("anne", "POST", "/api/v1/tokens", R"({"expires":"soon"})").body,
               Contains("expires: a duration as 90d"));
    CHECK(site.as("anne", "POST", "/api/v1/tokens", "{\"label\":\"a\\tb\"}").status == 400);
    CHECK(site.as("anne", "DELETE", "/api/v1/tokens/" + member(made.body, "id")).status == 204);
}

TEST_CASE("one user's tokens are bounded", "[gateway][tokens]") {
    IdentitySite site;
    for (int i = 0; i < 99; ++i)
        REQUIRE(site.as("anne", "POST", "/api/v1/tokens", "{}").status == 201);
    const auto full = site.as("anne", "POST", "/api/v1/tokens", "{}");
    CHECK(full.status == 409);
    CHECK_THAT(full.body, Contains("revoke one first"));
}
