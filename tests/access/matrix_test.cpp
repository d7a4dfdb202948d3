// Goal: the decisions that tests/access/matrix lists are those of the policy, each by the rule that
// it names. Method: its files, as the server reads them; the doors are asked by tests/app/matrix.
#include <holdfast/access/policy.hpp>
#include <holdfast/config/access_file.hpp>

#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using namespace holdfast;
using access::Principal;
using access::PrincipalKind;
using access::Resource;
using access::ResourceKind;

namespace {

const std::string kDirectory = "tests/access/matrix/";

struct Row {
    std::string text, who, action, kind, name, decision, rule;
};

std::vector<Row> read_rows() {
    std::ifstream file(kDirectory + "matrix.txt");
    std::vector<Row> rows;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.starts_with("# ") || line == "#" || line.starts_with("door "))
            continue;
        Row row;
        row.text = line;
        std::istringstream words(line);
        std::string resource;
        words >> row.who >> row.action >> resource >> row.decision >> std::ws;
        std::getline(words, row.rule);
        row.kind = resource.substr(0, resource.find(':'));
        row.name = resource.substr(resource.find(':') + 1);
        rows.push_back(row);
    }
    return rows;
}

struct Account {
    std::vector<std::string> roles;
    bool is_disabled = false;
};

// Of the users file only what a principal is made of.
std::map<std::string, Account> read_accounts() {
    std::ifstream file(kDirectory + "users");
    std::map<std::string, Account> accounts;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("user\t")) continue;
        std::istringstream fields(line);
        std::string field, name, roles, state;
        std::getline(fields, field, '\t');
        std::getline(fields, name, '\t');
        std::getline(fields, roles, '\t');
        std::getline(fields, field, '\t');
        std::getline(fields, state, '\t');
        Account& account = accounts[name];
        account.is_disabled = state == "disabled";
        std::istringstream names(roles);
        for (std::string role; std::getline(names, role, ',');) account.roles.push_back(role);
    }
    return accounts;
}

Resource resource_of(const Row& row) {
    if (row.kind == "client") return Resource::client_id(row.name);
    if (row.kind == "topic") return Resource::topic(row.name);
    if (row.kind == "filter") return Resource::topic_filter(row.name);
    if (row.kind == "stream") return Resource::stream(row.name);
    REQUIRE(row.kind == "area");
    return Resource::area(row.name);
}

Principal principal_of(const Row& row, const access::Policy& policy, const Account& account) {
    Principal principal;
    principal.name = row.who.substr(0, row.who.find_first_of("@~"));
    principal.roles = account.roles;
    principal.kind = PrincipalKind::user;
    if (principal.name == "-") {
        principal = {};
        principal.roles = policy.anonymous_roles();
    }
    if (row.who.ends_with("@token")) principal.kind = PrincipalKind::token;
    if (row.who.ends_with("@cert")) {
        principal.kind = PrincipalKind::certificate;
        principal.common_name = principal.name;
    }
    if (const auto id = row.who.find('~'); id != std::string::npos)
        principal.client_id = row.who.substr(id + 1);
    if (row.kind == "client") principal.client_id = row.name;
    return principal;
}

} // namespace

TEST_CASE("the policy decides as the matrix says, by the rule that it names", "[access]") {
    const auto file = config::load_access(kDirectory + "access.yaml");
    INFO((file ? "" : file.error().context));
    REQUIRE(file);
    const auto policy = access::Policy::make(file.value());
    REQUIRE(policy);
    const auto accounts = read_accounts();
    const auto rows = read_rows();
    CHECK(rows.size() >= 60);
    for (const Row& row : rows) {
        INFO(row.text);
        const std::string name = row.who.substr(0, row.who.find_first_of("@~"));
        REQUIRE((name == "-" || accounts.count(name) == 1));
        const Account account = name == "-" ? Account() : accounts.at(name);
        REQUIRE((row.decision == "allow" || row.decision == "deny"));
        const bool is_allowed = row.decision == "allow";
        CHECK((row.rule == "disabled") == account.is_disabled);
        if (account.is_disabled) { // such a one is no principal: doors refuse it before
            CHECK_FALSE(is_allowed);
            continue;
        }
        const auto action = access::parse_action(row.action);
        REQUIRE(action);
        const Resource resource = resource_of(row);
        REQUIRE(access::fits(*action, resource.kind));
        const auto rights = policy.value().rights_of(principal_of(row, policy.value(), account));
        const auto decision = rights.decide(*action, resource);
        INFO(decision.rule);
        CHECK(decision.is_allowed == is_allowed);
        CHECK(rights.allows(*action, resource) == is_allowed);
        CHECK(decision.rule.find(row.rule) != std::string::npos);
    }
}
