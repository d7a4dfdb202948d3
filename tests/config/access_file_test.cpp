// Goal: access.yaml is read whole or refused with file and line.

#include <holdfast/config/access_file.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;

TEST_CASE("access.yaml is read with the line of each rule", "[config][access]") {
    const auto file = config::parse_access(R"(roles:
  sensor:
    - allow: publish
      topics: ["plant/{user}/#"]
    - {deny: [read, write], streams: [audit], user: "t-{n}"}
  empty: []
anonymous: [sensor]
)",
                                           "access.yaml");
    REQUIRE(file);
    REQUIRE(file.value().roles.size() == 2);
    const auto& rules = file.value().roles[0].rules;
    REQUIRE(rules.size() == 2);
    CHECK_FALSE(rules[0].is_deny);
    CHECK(rules[0].actions == std::vector<std::string>{"publish"});
    CHECK(rules[0].topics == std::vector<std::string>{"plant/{user}/#"});
    CHECK(rules[0].where == "access.yaml:3");
    CHECK(rules[1].is_deny);
    CHECK(rules[1].actions == std::vector<std::string>{"read", "write"});
    CHECK(rules[1].user == "t-{n}");
    CHECK(file.value().anonymous == std::vector<std::string>{"sensor"});
}

TEST_CASE("a mistake in access.yaml is named with file and line", "[config][access]") {
    struct Row {
        const char* text;
        const char* reason;
    };
    const auto row = GENERATE(values<Row>({
        {"roles: [a]\n", "a.yaml:1: roles: a map of role names is expected"},
        {"roles:\n  Big: []\n", "a.yaml:2: roles: 'Big' is not a role name"},
        {"roles:\n  a: {}\n", "a.yaml:2: roles.a: a list of rules is expected"},
        {"roles:\n  a:\n    - {topics: [x]}\n", "a rule has either `allow` or `deny`"},
        {"roles:\n  a:\n    - {allow: publish, deny: publish}\n", "either `allow` or `deny`"},
        {"roles:\n  a:\n    - {allow: publish, topic: x}\n", "a.yaml:3: roles.a[0].topic: "},
        {"roles:\n  a: []\n  a: []\n", "a.yaml:3: roles.a: given twice"},
        {"role: {}\n", "a.yaml:1: role: "},
        {"anonymous: [ghost]\n", "there is no role 'ghost'"},
        {"roles: {a: [", "a.yaml:"},
    }));
    CAPTURE(row.text);
    const auto file = config::parse_access(row.text, "a.yaml");
    REQUIRE_FALSE(file);
    CAPTURE(file.error().context);
    CHECK(file.error().code == Errc::malformed);
    CHECK(file.error().context.find(row.reason) != std::string::npos);
}
