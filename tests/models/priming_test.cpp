// Goal: a new model with `prime` knows what is stored before it goes live: it raises nothing of
// that, misses nothing and sees nothing twice. Method: compare the state that it stores with that
// of a model which read everything from the log, over what lies in history, in the log, or both.
#include "history/store_fixture.hpp"
#include "support/log_site.hpp"

#include <holdfast/models/engine.hpp>
#include <holdfast/models/keyspace.hpp>

#include <catch2/catch.hpp>

#include <fmt/format.h>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr std::int64_t kStartMs = 1'600'041'600'000;
constexpr std::int64_t kStepMs = 1'000;
const char* const kModel =
    "name: m\nkind: level_shift\nsource: cars\nfields: [v]\n"
    "options: {warmup_samples: 100, hold_samples: 5}\n";

struct HasHistory { // which outlives the engine
    StoreFixture history;
};

struct Site : HasHistory, LogSite<models::Engine> {
    explicit Site(bool has_history = true)
        : LogSite({"cars", "alarms"}, [this, has_history](LogSite& site) {
              const auto* store = has_history ? history.store.get() : nullptr;
              return std::make_unique<models::Engine>(
                  models::EngineSettings{.models_max = 2, .checkpoint_records = 1},
                  models::Engine::Parts{*site.at.log,
                                        *site.pool,
                                        *site.publisher,
                                        *site.alarms,
                                        site.at.metrics,
                                        site.at.clock,
                                        {},
                                        store});
          }) {
        history.from = {at.log->find_stream("cars")->id, 0};
    }

    // Near 10 and 11 in turn; a shift of 50 from step 400 to 440.
    static int value(int step) { return 10 + step % 2 + (step >= 400 && step < 440 ? 50 : 0); }
    void log_steps(int from, int to) {
        record::BatchBuilder builder;
        for (int step = from; step < to; ++step) {
            broker::OutMessage message;
            message.device = "d";
            message.topic = "car/d";
            message.payload = fmt::format(R"({{"v":{}}})", value(step));
            message.event_ms = kStartMs + step * kStepMs;
            LogPublisher::encode(builder, message, *message.event_ms);
        }
        WaitedGroup group;
        group.appends.push_back(
            {{at.log->find_stream("cars")->id, 0}, builder.finish(), to - from});
        at.log->append(group);
        REQUIRE(group.wait());
    }
    // As the follower tells it: with the log's offsets.
    void tell_steps(int from, int to) {
        for (int step = from; step < to; ++step)
            history.tell_at(step, "d", (kStartMs + step * kStepMs) * 1'000,
                            {with("v", value(step))});
    }
    [[nodiscard]] bool is_live() const {
        const auto info = engine->find("m");
        return !info->priming && info->lag == 0;
    }
    [[nodiscard]] std::string state() const {
        std::string found;
        const auto keys = state_keys(models::kKeyspace, std::string("m\0d", 3));
        for (const auto& key : keys) found += *at.log->state(models::kKeyspace, key).value();
        // What it counted live is another matter: the detector is what lies behind.
        constexpr std::size_t kHead = 35; // docs/format/models.md: up to the detector's state
        return found.size() < kHead ? found : found.substr(kHead);
    }
};

std::string primed_model() {
    return std::string(kModel) + "prime: 3000d\n";
}

// The detector of a model that was there from the start.
std::string state_of_whole(int steps) {
    Site site;
    REQUIRE(site.engine->create(kModel, "test"));
    site.log_steps(0, steps);
    REQUIRE(eventually([&] { return site.is_live(); }));
    return site.state();
}

} // namespace

TEST_CASE("a primed model stands where one that saw everything does", "[models][priming]") {
    struct Row {
        const char* name;
        bool has_history;
        int told; // steps that history has
    };
    const auto row = GENERATE(values<Row>({{"history has all", true, 500},
                                           {"history is behind the log", true, 300},
                                           {"history has nothing yet", true, 0},
                                           {"there is no history", false, 0}}));
    CAPTURE(row.name);
    Site site(row.has_history);
    site.log_steps(0, 500);
    site.tell_steps(0, row.told);
    REQUIRE(site.engine->create(primed_model(), "test"));
    REQUIRE(eventually([&] { return site.is_live(); }));
    CHECK(site.engine->find("m")->counts.primed == 500);
    CHECK(site.engine->find("m")->counts.scored == 0);
    CHECK(site.state() == state_of_whole(500));
    CHECK(site.stored("alarms").empty()); // not even of the shift at 400
    CHECK(site.alarms->active_count() == 0);

    site.log_steps(500, 520);
    REQUIRE(eventually([&] { return site.is_live(); }));
    CHECK(site.engine->find("m")->counts.scored == 20);
    CHECK(site.state() == state_of_whole(520));
    site.restart();
    REQUIRE(eventually([&] { return site.is_live(); }));
    CHECK(site.engine->find("m")->counts.primed == 0); // once
    CHECK(site.state() == state_of_whole(520));
}

TEST_CASE("a model with a topic is primed with what came under it, and nothing else",
          "[models][priming]") {
    Site site;
    site.log_steps(0, 300); // under car/d
    site.tell_steps(0, 300);
    REQUIRE(site.engine->create(primed_model() + "topic: bus/+\n", "test"));
    REQUIRE(eventually([&] { return site.is_live(); }));
    CHECK(site.engine->find("m")->counts.primed == 0);
    CHECK(site.engine->find("m")->devices == 0);
    REQUIRE(site.engine->create(primed_model() + "topic: car/+\n", "test", true));
    REQUIRE(eventually([&] { return site.is_live(); }));
    CHECK(site.engine->find("m")->counts.primed == 300);
    CHECK(site.state() == state_of_whole(300));
}

TEST_CASE("priming is counted", "[models][priming]") {
    Site site;
    site.log_steps(0, 300);
    site.tell_steps(0, 200);
    REQUIRE(site.engine->create(primed_model(), "test"));
    REQUIRE(eventually([&] { return site.is_live(); }));
    const std::string metrics = site.at.metrics.render();
    CHECK_THAT(metrics, Catch::Contains("holdfast_models_primed_rows_total 200\n"));
    CHECK_THAT(metrics, Catch::Contains("holdfast_models_priming_failed_total 0\n"));
    CHECK(eventually([&] {
        return site.at.metrics.render().find("holdfast_models_priming 0\n") != std::string::npos;
    }));
}

TEST_CASE("a primed model raises from its first minute, and only what is new",
          "[models][priming]") {
    Site site;
    site.log_steps(0, 420); // ends in the shift
    site.tell_steps(0, 420);
    REQUIRE(site.engine->create(primed_model(), "test"));
    REQUIRE(eventually([&] { return site.is_live(); }));
    site.log_steps(420, 800); // the shift is over: nobody was told that it began
    REQUIRE(eventually([&] { return site.is_live(); }));
    CHECK(site.stored("alarms").empty());
}

TEST_CASE("a model raises after it was primed without learning live", "[models][priming]") {
    Site site;
    site.log_steps(0, 395);
    site.tell_steps(0, 395);
    REQUIRE(site.engine->create(primed_model(), "test"));
    REQUIRE(eventually([&] { return site.is_live(); }));
    site.log_steps(395, 440);
    REQUIRE(eventually([&] { return site.is_live(); }));
    CHECK(site.alarms->active_count() == 1);
    CHECK(site.engine->find("m")->counts.alarms_raised == 1);
}

TEST_CASE("a model that is removed while it is primed leaves nothing", "[models][priming]") {
    Site site;
    site.log_steps(0, 500);
    site.tell_steps(0, 500);
    REQUIRE(site.engine->create(primed_model(), "test"));
    REQUIRE(site.engine->create(primed_model(), "test", true)); // begins anew
    REQUIRE(site.engine->remove("m"));
    CHECK(site.state_keys(models::kKeyspace, "m").empty());
    REQUIRE(site.engine->create(primed_model(), "test"));
    site.restart(); // wherever it stood
    REQUIRE(eventually([&] { return site.is_live(); }));
    CHECK(site.state() == state_of_whole(500));
}

TEST_CASE("a model that is primed right after a start sees nothing twice", "[models][priming]") {
    Site site;
    const PartitionId cars = site.history.from;
    // As the follower tells it; `slow` has no number, and keeps the checkpoint where it is.
    const auto tell = [&](int from, int to) {
        for (int step = from; step < to; ++step) {
            const std::int64_t us = (kStartMs + step * kStepMs) * 1'000;
            const std::vector<history::FieldValue> value{with("v", Site::value(step))};
            const std::vector<history::FieldValue> other{with("w", 1)};
            std::vector<history::NewRow> rows{{"d", us, us, step, value}};
            if (step == 0) rows.push_back({"slow", us, us, step, other});
            REQUIRE(site.history.store->add(cars, rows, step + 1));
        }
    };
    site.log_steps(0, 500);
    tell(0, 300);
    site.history.reopen();
    site.restart();
    REQUIRE(site.history.store->position(cars) == 0);
    REQUIRE(site.history.store->summary(cars.stream, "d")->messages > 200);
    REQUIRE(site.engine->create(primed_model(), "test"));
    tell(0, 400);
    REQUIRE(eventually([&] { return site.is_live(); }));
    CHECK(site.engine->find("m")->counts.primed == 500);
    CHECK(site.state() == state_of_whole(500));
}
