// Goal: `holdfast access test` gives the server's own decision and the rule that made it.
// Method: the program itself, on a site's files, one question a row.
#include "app/secured_site.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast::test;
using Catch::Contains;

TEST_CASE("a decision comes with the rule that made it", "[app][access]") {
    const SecuredSite site;
    REQUIRE(site.run({"user", "add", "m1", "--no-password", "--role", "device"}).exit_code == 0);
    REQUIRE(site.run({"user", "add", "eve", "--no-password", "--role", "viewer"}).exit_code == 0);
    REQUIRE(site.run({"user", "add", "bare", "--no-password"}).exit_code == 0);
    struct Row {
        std::vector<std::string> words;
        int exit_code;
        std::string answer;
    };
    const std::vector<Row> rows{
        {{"m1", "publish", "topic:plant/m1/t"}, 0, "allowed: access.yaml:4: device: allow publish"},
        {{"m1", "publish", "topic:plant/m2/t"}, 1, "denied: no rule allows it (roles: device)"},
        {{"m1", "subscribe", "filter:plant/m1/#"}, 0, "access.yaml:4"},
        {{"m1", "subscribe", "filter:$share/g/plant/m1/#"}, 0, "access.yaml:4"},
        {{"m1", "subscribe", "filter:plant/#"}, 1, "no rule"},
        {{"m1", "connect", "client:m1"}, 0, "access.yaml:3"},
        {{"m1", "connect", "client:any", "--client", "other"}, 1, "no rule"},
        {{"m1", "publish", "topic:cert/c1/up"}, 1, "no rule"},
        {{"m1", "publish", "topic:cert/c1/up", "--cn", "c1"}, 0, "access.yaml:5"},
        {{"eve", "subscribe", "topic:plant/a/secret"}, 1, "denied: access.yaml:8: viewer: deny"},
        {{"eve", "read", "stream:telemetry"}, 0, "access.yaml:9"},
        {{"eve", "write", "stream:telemetry"}, 1, "no rule"},
        {{"eve", "read", "area:rules"}, 0, "access.yaml:9"},
        {{"eve", "administer", "area:users"}, 1, "no rule"},
        {{"bare", "publish", "topic:a"}, 1, "no rule allows it (no role)"},
        {{"-", "publish", "topic:a"}, 1, "no rule allows it (no role)"},
    };
    for (const Row& row : rows) {
        std::vector<std::string> words{"access", "test"};
        words.insert(words.end(), row.words.begin(), row.words.end());
        const auto outcome = site.run(words);
        CAPTURE(row.words, outcome.output, outcome.errors);
        CHECK(outcome.exit_code == row.exit_code);
        CHECK_THAT(outcome.output, Contains(row.answer));
        CHECK(outcome.errors == "");
    }
}

TEST_CASE("a question that cannot be answered is no denial", "[app][access]") {
    const SecuredSite site;
    REQUIRE(site.run({"user", "add", "m1", "--no-password", "--role", "device"}).exit_code == 0);
    const auto undecided = [&](const std::vector<std::string>& question, const std::string& why) {
        std::vector<std::string> words{"access", "test"};
        words.insert(words.end(), question.begin(), question.end());
        const auto outcome = site.run(words);
        CAPTURE(question, outcome.output, outcome.errors);
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.output == "");
        CHECK_THAT(outcome.errors, Contains(why));
    };
    undecided({"m2", "publish", "topic:a"}, "no user 'm2'");
    undecided({"m1", "shout", "topic:a"}, "'shout' is no action: connect, publish");
    undecided({"m1", "publish", "topic:a/#"}, "is no topic; with wildcards it is filter:");
    undecided({"m1", "subscribe", "filter:a/#/b"}, "is no topic filter");
    undecided({"m1", "publish", "stream:a"}, "one cannot publish a stream");
    undecided({"m1", "read", "area:kitchen"}, "is no area");
    undecided({"m1", "read", "telemetry"}, "is no resource");
    write_file(site.file("access.yaml"), "roles:\n  device:\n    - {allow: shout}\n");
    undecided({"m1", "publish", "topic:a"}, "access.yaml:3: ");
}
