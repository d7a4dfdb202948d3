// Goal: `holdfast token` makes tokens that are taken until they expire or are revoked.
// Method: the program itself; what it printed is checked against what it wrote.
#include "app/secured_site.hpp"

#include <holdfast/identity/tokens.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

using namespace holdfast;
using namespace holdfast::test;
using Catch::Contains;

namespace {

constexpr std::int64_t kDayMs = 86'400'000;

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

} // namespace

TEST_CASE("a token is printed once and stands for its user until it expires", "[app][token]") {
    const SecuredSite site;
    REQUIRE(site.run({"user", "add", "anna", "--no-password"}).exit_code == 0);
    const auto made =
        site.run({"token", "create", "anna", "--label", "a report", "--expires", "2d"});
    REQUIRE(made.exit_code == 0);
    const std::string text = made.output.substr(0, made.output.find('\n'));
    const auto parts = identity::parse_token(text);
    REQUIRE(parts);
    CHECK_THAT(made.errors, Contains(std::string(parts->id)) && !Contains(text));

    const auto users = site.users();
    const auto* stored = users.find_token(parts->id);
    REQUIRE(stored != nullptr);
    CHECK(stored->user == "anna");
    CHECK(identity::is_valid(*stored, parts->secret, now_ms() + kDayMs));
    CHECK_FALSE(identity::is_valid(*stored, parts->secret, now_ms() + 3 * kDayMs));

    const auto list = site.run({"token", "list"});
    CHECK_THAT(list.output, Contains(std::string(parts->id)) && Contains("a report"));
    CHECK_THAT(list.output, !Contains(std::string(parts->secret)));

    CHECK(site.run({"token", "revoke", std::string(parts->id)}).exit_code == 0);
    CHECK(site.users().tokens.empty());
    const auto again = site.run({"token", "revoke", std::string(parts->id)});
    CHECK(again.exit_code == 1);
    CHECK_THAT(again.errors, Contains("no token of the id"));
}

TEST_CASE("a token needs a user that is there and a time that ends", "[app][token]") {
    const SecuredSite site;
    REQUIRE(site.run({"user", "add", "anna", "--no-password"}).exit_code == 0);
    const auto nobody = site.run({"token", "create", "bert"});
    CHECK(nobody.exit_code == 1);
    CHECK(nobody.output == "");
    CHECK_THAT(nobody.errors, Contains("no user 'bert'"));
    for (const std::string expires : {"soon", "0", "40000d", "-1d"}) {
        const auto refused = site.run({"token", "create", "anna", "--expires=" + expires});
        CAPTURE(expires, refused.errors);
        CHECK(refused.exit_code == 1);
        CHECK_THAT(refused.errors, Contains("--expires " + expires));
    }
    const auto tab = site.run({"token", "create", "anna", "--label", "a\tb"});
    CHECK(tab.exit_code == 1);
    CHECK(tab.output == "");
    CHECK(site.users().tokens.empty());
    CHECK(site.run({"token", "create", "anna", "--expires", "never"}).exit_code == 0);
    CHECK(site.users().tokens.at(0).expires_ms == 0);
}
