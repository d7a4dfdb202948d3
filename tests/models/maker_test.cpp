// Goal: a model reads with the rights of its maker, through restarts. Method: the engine on a real
// log, and a right that the test takes away.
#include "support/log_site.hpp"

#include <holdfast/models/engine.hpp>
#include <holdfast/models/keyspace.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>

using namespace holdfast;
using namespace holdfast::test;

namespace {

const char* const kModel =
    "name: m\nkind: seasonal_range\nsource: cars\nfields: [temp]\nwarmup: 1d\n";

struct Site : LogSite<models::Engine> {
    explicit Site(const std::atomic<bool>& is_denied)
        : LogSite({"cars", "alarms"}, [&is_denied](LogSite& site) {
              return std::make_unique<models::Engine>(
                  models::EngineSettings{},
                  models::Engine::Parts{
                      *site.at.log, *site.pool, *site.publisher, *site.alarms, site.at.metrics,
                      site.at.clock, [&is_denied](const std::string& made_by, const std::string&) {
                          return is_denied && made_by == "eve" ? "eve may not" : "";
                      }});
          }) {}
    void send(int minute) {
        broker::OutMessage message;
        message.device = "a";
        message.topic = "car/a";
        message.payload = R"({"temp":1})";
        message.event_ms = 1'600'041'600'000 + minute * 60'000LL;
        append(message, *message.event_ms);
    }
    [[nodiscard]] std::uint64_t scored() const { return engine->find("m")->counts.scored; }
};

} // namespace

TEST_CASE("a model stops when its maker loses the right to read, and goes on with it",
          "[models][rights]") {
    std::atomic<bool> is_denied{false};
    Site site(is_denied);
    REQUIRE(site.engine->create(kModel, "test", false, "eve"));
    site.send(0);
    REQUIRE(eventually([&] { return site.scored() == 1; }));
    is_denied = true;
    REQUIRE(site.engine->follow_rights());
    CHECK(site.engine->find("m")->reason == "eve may not");
    if (GENERATE(false, true)) site.restart();
    REQUIRE(site.engine->refresh());
    CHECK(site.engine->find("m")->made_by == "eve");
    CHECK(site.engine->find("m")->reason == "eve may not");
    const auto before = site.scored();
    site.send(1);
    is_denied = false;
    REQUIRE(site.engine->follow_rights());
    CHECK(site.engine->find("m")->reason.empty());
    CHECK(eventually([&] { return site.scored() > before; }));
}

TEST_CASE("the model of a file is the operator's", "[models][rights]") {
    std::atomic<bool> is_denied{true};
    Site site(is_denied);
    REQUIRE(site.engine->create(kModel, "test", false, "eve"));
    CHECK(site.engine->find("m")->reason == "eve may not");
    REQUIRE(site.engine->load_file(kModel, "m.yaml"));
    CHECK(site.engine->find("m")->reason.empty());
    site.restart();
    CHECK(site.engine->find("m")->made_by.empty());
    REQUIRE(site.engine->remove("m"));
    CHECK(site.state_keys(models::kKeyspace, "m").empty());
}
