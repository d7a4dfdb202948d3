// Goal: a rule acts with the rights of its maker: while he lacks one it reads nothing, through
// restarts, and then it goes on where it stood. Method: the engine on a real log, and rights that
// the test takes away.
#include "rules/rule_site.hpp"

#include <catch2/catch.hpp>

#include <mutex>
#include <set>

using namespace holdfast;
using namespace holdfast::test;
using rules::RuleStatus;

namespace {

const char* const kRule = "CREATE RULE r AS SELECT temp FROM cars THEN APPEND out";

// Who may not, at the moment.
struct Rights {
    std::string refusal_of(const std::string& made_by) {
        const std::lock_guard lock(mutex);
        return denied.contains(made_by) ? made_by + " may not" : "";
    }
    void deny(const std::string& maker, bool is_denied = true) {
        const std::lock_guard lock(mutex);
        if (is_denied)
            denied.insert(maker);
        else
            denied.erase(maker);
    }
    std::mutex mutex;
    std::set<std::string> denied; // guarded by mutex
};

struct MakerSite : RuleSite {
    explicit MakerSite(Rights& rights)
        : RuleSite({.checkpoint_records = 5},
                   [&rights](const std::string& made_by, const std::string&) {
                       return rights.refusal_of(made_by);
                   }) {}
};

} // namespace

TEST_CASE("a rule stops when its maker loses a right, and goes on when it returns",
          "[rules][rights]") {
    Rights rights;
    MakerSite site(rights);
    REQUIRE(site.engine->create(kRule, false, "eve"));
    CHECK(site.engine->find("r")->made_by == "eve");
    site.send("a", 0, "1");
    REQUIRE(eventually([&] { return site.stored("out").size() == 1; }));
    rights.deny("eve");
    REQUIRE(site.engine->follow_rights());
    CHECK(site.engine->find("r")->status == RuleStatus::paused);
    CHECK(site.engine->find("r")->reason == "eve may not");
    const bool restarts = GENERATE(false, true);
    if (restarts) site.restart();
    REQUIRE(site.engine->resume("r")); // nobody can say that it may
    REQUIRE(site.engine->refresh());
    CHECK(site.engine->find("r")->status == RuleStatus::paused);
    CHECK(site.engine->find("r")->made_by == "eve");
    site.send("a", 1, "2");
    rights.deny("eve", false);
    REQUIRE(site.engine->follow_rights());
    CHECK(site.engine->find("r")->status == RuleStatus::running);
    CHECK(site.engine->find("r")->reason.empty());
    REQUIRE(eventually([&] { return site.stored("out").size() == 2; }));
    CHECK(site.stored("out")[1] == R"({"temp":2})");
}

TEST_CASE("a rule that somebody has paused stays so when a right returns", "[rules][rights]") {
    Rights rights;
    MakerSite site(rights);
    REQUIRE(site.engine->create(kRule, false, "eve"));
    rights.deny("eve");
    REQUIRE(site.engine->follow_rights());
    REQUIRE(site.engine->pause("r"));
    rights.deny("eve", false);
    REQUIRE(site.engine->follow_rights());
    CHECK(site.engine->find("r")->status == RuleStatus::paused);
    REQUIRE(site.engine->resume("r"));
    CHECK(site.engine->find("r")->status == RuleStatus::running);
}

TEST_CASE("whoever replaces a rule is its maker; that of a file is the operator's",
          "[rules][rights]") {
    Rights rights;
    MakerSite site(rights);
    REQUIRE(site.engine->create(kRule, false, "eve"));
    rights.deny("eve");
    REQUIRE(site.engine->follow_rights());
    const bool by_file = GENERATE(false, true);
    if (by_file)
        REQUIRE(site.engine->load_file(kRule, "rules.sql"));
    else
        REQUIRE(site.engine->create(kRule, true, "adam"));
    for (int i = 0; i < 2; ++i) {
        CHECK(site.engine->find("r")->made_by == (by_file ? "" : "adam"));
        CHECK(site.engine->find("r")->status == RuleStatus::running);
        site.restart();
    }
}
