// Goal: what is refused and what is changed is told once, with who and where, and data that is read
// or published is not. Method: a server with users in memory and routes of each kind of right.
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include "gateway/identity_site.hpp"

using namespace holdfast;
using access::Action;
using gateway::HttpRequest;
using gateway::Reply;
using gateway::Right;
using test::IdentitySite;
using Lines = std::vector<std::string>;

namespace {

bool is_audited(std::string_view method, const Right& right) {
    HttpRequest request;
    request.method = method;
    return gateway::is_audited_change(request, right);
}

double counted(const Metrics& metrics, const std::string& reason) {
    const std::string text = metrics.render();
    const std::string name = "holdfast_http_not_let_in_total{reason=\"" + reason + "\"} ";
    const auto at = text.find(name);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size()));
}

} // namespace

TEST_CASE("changes of the site are for the audit, its data is not", "[gateway][audit]") {
    CHECK(is_audited("POST", Right::area(Action::manage, "rules")));
    CHECK(is_audited("DELETE", Right::stream(Action::manage, "name")));
    CHECK(is_audited("POST", Right::area(Action::administer, "backup")));
    CHECK(is_audited("POST", Right::by_handler(Action::manage, access::ResourceKind::stream)));
    CHECK(is_audited("DELETE", Right::signed_in()));
    CHECK_FALSE(is_audited("GET", Right::area(Action::administer, "users")));
    CHECK_FALSE(is_audited("HEAD", Right::signed_in()));
    CHECK_FALSE(is_audited("POST", Right::topic(Action::publish, "topic")));
    CHECK_FALSE(is_audited("POST", Right::stream(Action::write, "name")));
    CHECK_FALSE(is_audited("POST", Right::area(Action::read, "query")));
    CHECK_FALSE(is_audited("POST", Right::open("a login tells of itself")));
}

TEST_CASE("a refusal is counted by its reason and told", "[gateway][audit]") {
    IdentitySite site;
    const auto get = [&](std::string_view headers) {
        return site.client->send("GET", "/api/v1/users", "", headers).status;
    };
    CHECK(get("") == 401);
    CHECK(counted(site.metrics, "unrecognised") == 1);
    CHECK(site.audit.take().empty());                           // every page begins so
    CHECK(get("Authorization: Basic ZXZlOndyb25n\r\n") == 401); // eve:wrong
    CHECK(get("Authorization: Bearer hft_a.b\r\n") == 401);
    CHECK(counted(site.metrics, "wrong_secret") == 2);
    CHECK(site.audit.take() == Lines{"eve|login||refused|user name or password is wrong",
                                     "|login||refused|the token is unknown, expired or revoked"});
    CHECK(site.as("eve", "GET", "/api/v1/users").status == 403);
    CHECK(counted(site.metrics, "denied") == 1);
    CHECK(site.audit.take().empty()); // to look is no change
    for (int i = 0; i < 4; ++i) CHECK(get("Authorization: Basic ZXZlOndyb25n\r\n") == 401);
    CHECK(get("Authorization: Basic ZXZlOndyb25n\r\n") == 429);
    CHECK(counted(site.metrics, "locked_out") == 1);
    CHECK(get("Origin: http://evil.example\r\n") == 403);
    CHECK(counted(site.metrics, "foreign") == 1);
}
