// Goal: a client certificate stands for the user of its name, and nothing said beside it makes its
// holder somebody else. Method: users in memory, no sockets.
#include "gateway/http/authentication.hpp"

#include <holdfast/config/access_file.hpp>
#include <holdfast/identity/authenticator.hpp>
#include <holdfast/identity/tokens.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

using namespace holdfast;
using gateway::Authentication;
using gateway::HttpRequest;

namespace {

struct Site {
    Site() {
        const auto file = config::parse_access(
            "roles:\n  viewer:\n    - {allow: read, areas: [alarms]}\nanonymous: []\n", "access");
        REQUIRE(file);
        auto policy = access::Policy::make(file.value());
        REQUIRE(policy);
        press = identity::make_token("press-7", "", clock.now_ms(), 0);
        other = identity::make_token("alice", "", clock.now_ms(), 0);
        identity::Users users;
        users.users = {{"alice", {"viewer"}, "", false},
                       {"gone", {"viewer"}, "", true},
                       {"press-7", {"viewer"}, "", false}};
        users.tokens = {press.stored, other.stored};
        std::ranges::sort(users.tokens, {}, &identity::Token::id);
        auto made = identity::Directory::make(std::move(policy).value(), std::move(users), "users");
        REQUIRE(made);
        identity.replace(made.value());
        door.identity = &identity;
        door.takes_anonymous = false;
    }
    // Status and, where he is recognised, the name.
    std::pair<unsigned, std::string> ask(const std::string& common_name,
                                         const std::string& authorization = "") {
        Authentication authentication(door, "192.0.2.7");
        authentication.certify(common_name);
        HttpRequest request;
        request.method = "GET";
        if (!authorization.empty()) request.headers = {{"Authorization", authorization}};
        std::pair<unsigned, std::string> out;
        authentication.recognise(request, [&out](Authentication::Outcome outcome) {
            if (!outcome.caller) return void(out = {outcome.answer.status, ""});
            out = {200, outcome.caller->principal.name};
            CHECK(outcome.caller->principal.address == "192.0.2.7");
            if (out.second == "press-7")
                CHECK(outcome.caller->principal.kind == access::PrincipalKind::certificate);
        });
        return out;
    }

    SystemClock clock;
    Metrics metrics;
    identity::Authenticator identity{{}, clock, metrics};
    gateway::HttpDoor door;
    identity::NewToken press;
    identity::NewToken other;
};

using Answer = std::pair<unsigned, std::string>;

} // namespace

TEST_CASE("a client certificate stands for the user of its name", "[gateway][http][tls]") {
    Site site;
    CHECK(site.ask("press-7") == Answer{200, "press-7"});
    CHECK(site.ask("nobody") == Answer{403, ""});
    CHECK(site.ask("gone") == Answer{403, ""}); // disabled
    CHECK(site.ask("") == Answer{401, ""});
}

TEST_CASE("what a request says beside its certificate must agree", "[gateway][http][tls]") {
    Site site;
    CHECK(site.ask("press-7", "Bearer " + site.press.text) == Answer{200, "press-7"});
    CHECK(site.ask("press-7", "Bearer " + site.other.text) == Answer{403, ""});
    CHECK(site.ask("press-7", "Bearer nonsense") == Answer{401, ""});
    CHECK(site.ask("", "Bearer " + site.other.text) == Answer{200, "alice"});
}
