// Goal: a model on a real log raises its alarm, and a server that ends without a word and comes
// again emits nothing twice and loses nothing. Method: compare with an engine that ran through.
#include "support/log_site.hpp"

#include <holdfast/models/engine.hpp>
#include <holdfast/models/keyspace.hpp>

#include <catch2/catch.hpp>

#include <fmt/format.h>

using namespace holdfast;
using namespace holdfast::test;

namespace {

const char* const kModel =
    "name: m\nkind: seasonal_range\nsource: cars\ntopic: car/#\nfields: [temp]\nwarmup: 1d\n"
    "options: {warmup_samples: 20, silence: 1h}\n";
constexpr int kSteps = 48 * 10;

// Models on a log.
struct Site : LogSite<models::Engine> {
    Site()
        : LogSite({"cars", "alarms"}, [](LogSite& site) {
              return std::make_unique<models::Engine>(
                  models::EngineSettings{.models_max = 2, .checkpoint_records = 7},
                  models::Engine::Parts{*site.at.log, *site.pool, *site.publisher, *site.alarms,
                                        site.at.metrics, site.at.clock});
          }) {}

    // Half-hourly samples of two devices; in the last hours of each third day both run hot.
    void send(int from, int to, PartitionIndex partition = 0) {
        for (int step = from; step < to; ++step) {
            broker::OutMessage message;
            message.device = step % 2 == 0 ? "a" : "b";
            message.topic = "car/" + message.device;
            const bool is_hot = step / 48 % 3 == 2 && step % 48 >= 40;
            message.payload = fmt::format(R"({{"temp":{}}})", is_hot ? 500 : step % 48);
            message.event_ms = 1'600'041'600'000 + step * 1'800'000LL;
            append(message, *message.event_ms, partition);
        }
    }
    [[nodiscard]] std::vector<std::string> emitted() const { return stored("alarms"); }
    [[nodiscard]] bool has_caught_up() const { return engine->find("m")->lag == 0; }
};

} // namespace

TEST_CASE("a model raises alarms into the log and the registry", "[models]") {
    Site site;
    REQUIRE(site.engine->create(kModel, "test"));
    CHECK(site.engine->create(kModel, "test").error().code == Errc::already_exists);
    site.send(0, kSteps);
    REQUIRE(eventually([&] { return site.has_caught_up(); }));
    const auto info = site.engine->find("m");
    CHECK(info->counts.scored == kSteps);
    CHECK(info->devices == 2);
    CHECK(info->counts.alarms_raised >= 2);
    CHECK(site.emitted().size() ==
          info->counts.alarms_raised + info->counts.alarms_worsened + info->counts.alarms_cleared);
    CHECK(site.emitted().at(0).find(R"("state":"active")") != std::string::npos);
    CHECK(site.alarms->totals("m").raised == info->counts.alarms_raised);
    REQUIRE(site.engine->remove("m"));
    CHECK(site.engine->remove("m").error().code == Errc::not_found);
    CHECK(site.engine->list().empty());
}

TEST_CASE("a model follows its stream: more partitions, and none", "[models]") {
    Site site;
    REQUIRE(site.engine->create(kModel, "test"));
    auto settings = site.at.log->find_stream("cars")->settings;
    settings.partitions = 2;
    REQUIRE(site.at.log->alter_stream(settings));
    site.send(0, 10, 1); // before the model knows of it
    REQUIRE(site.engine->refresh());
    REQUIRE(eventually([&] { return site.engine->find("m")->counts.scored == 10; }));
    site.restart();
    site.send(10, 12, 1);
    REQUIRE(eventually([&] { return site.has_caught_up(); }));
    CHECK(site.engine->find("m")->counts.scored >= 2);

    REQUIRE(site.at.log->delete_stream("cars"));
    REQUIRE(site.engine->refresh());
    CHECK(site.engine->find("m")->last_error.find("gone") != std::string::npos);
}

TEST_CASE("a killed engine repeats no alarm and loses none", "[models]") {
    Site calm;
    REQUIRE(calm.engine->create(kModel, "test"));
    calm.send(0, kSteps);
    REQUIRE(eventually([&] { return calm.has_caught_up(); }));
    const auto expected = calm.emitted();
    REQUIRE(expected.size() > 2);

    const bool last_is_stored = GENERATE(false, true);
    const int crash_at = GENERATE(0, 1, 2, 5);
    CAPTURE(last_is_stored, crash_at);
    Site site;
    REQUIRE(site.engine->create(kModel, "test"));
    site.publisher->crash_after(crash_at, last_is_stored);
    site.send(0, kSteps / 2);
    REQUIRE(eventually([&] { return site.publisher->has_crashed() || site.has_caught_up(); }));
    site.restart();
    site.send(kSteps / 2, kSteps);
    REQUIRE(eventually([&] { return site.has_caught_up(); }));
    site.restart();
    REQUIRE(eventually([&] { return site.has_caught_up(); }));
    CHECK(site.emitted() == expected);
    CHECK(site.alarms->active_count() == calm.alarms->active_count());
}

TEST_CASE("the alarms of a model that is removed or replaced are cleared", "[models]") {
    Site site;
    REQUIRE(site.engine->create(kModel, "test"));
    site.send(0, 48 * 3 - 2); // ends while both run hot
    REQUIRE(eventually([&] { return site.alarms->active_count() > 0; }));
    REQUIRE(eventually([&] { return site.has_caught_up(); }));
    const bool is_replaced = GENERATE(false, true);
    if (is_replaced) {
        REQUIRE(site.engine->create(kModel, "test", true));
    } else {
        REQUIRE(site.engine->remove("m"));
    }
    CHECK(site.alarms->active_count() == 0);
    CHECK(site.alarms->list({})[0].reason == alarms::ClearReason::removed);
    CHECK(site.emitted().back().find(R"("reason":"removed")") != std::string::npos);
    site.restart();
    CHECK(site.alarms->active_count() == 0);
}

TEST_CASE("a model that cannot be removed or replaced goes on", "[models]") {
    Site site;
    REQUIRE(site.engine->create(kModel, "test"));
    site.send(0, 10);
    REQUIRE(eventually([&] { return site.has_caught_up(); }));
    const bool is_replaced = GENERATE(false, true);
    site.publisher->crash_after(0, false);
    if (is_replaced)
        REQUIRE_FALSE(site.engine->create(kModel, "test", true));
    else
        REQUIRE_FALSE(site.engine->remove("m"));
    site.publisher->recover();
    site.send(10, 20);
    REQUIRE(eventually([&] { return site.engine->find("m")->counts.scored >= 20; }));
    CHECK(site.engine->find("m")->devices == 2);
}

TEST_CASE("an alarm record that can never be stored does not stop a model", "[models]") {
    Site site;
    site.publisher->take_at_most(10);
    REQUIRE(site.engine->create(kModel, "test"));
    site.send(0, kSteps);
    REQUIRE(eventually([&] { return site.has_caught_up(); }));
    const auto info = site.engine->find("m");
    CHECK(info->counts.scored == kSteps);
    CHECK(info->counts.unstorable ==
          info->counts.alarms_raised + info->counts.alarms_worsened + info->counts.alarms_cleared);
    CHECK(info->counts.unstorable > 0);
    CHECK(info->last_error.starts_with("cars/0 before offset "));
    CHECK(site.emitted().empty());
}

TEST_CASE("damaged state sets one model aside by name, the others start", "[models]") {
    Site site;
    REQUIRE(site.engine->create(kModel, "test"));
    std::string other = kModel;
    other.replace(0, 7, "name: n");
    REQUIRE(site.engine->create(other, "test"));
    const std::string of_m("m\0", 2);
    const bool is_text = GENERATE(false, true);
    if (is_text) {
        site.write_state({{models::kKeyspace, of_m + 't', "kind: ["}});
    } else {
        const auto keys = site.state_keys(models::kKeyspace, of_m + 'o');
        site.write_state({{models::kKeyspace, keys.at(0), "damaged"}});
    }
    site.restart();
    site.send(0, 10);
    REQUIRE(eventually([&] { return site.engine->find("n")->counts.scored == 10; }));
    if (is_text) {
        CHECK_FALSE(site.engine->find("m"));
    } else {
        CHECK(site.engine->find("m")->last_error.find("offset of model 'm'") != std::string::npos);
        REQUIRE(site.engine->refresh());
        CHECK(site.engine->find("m")->counts.scored == 0);
    }
    REQUIRE(site.engine->create(kModel, "test", true));
    site.send(10, 20);
    REQUIRE(eventually([&] { return site.engine->find("m")->counts.scored == 10; }));
}
