// Goal: a model on a real log raises its alarm, and a server that ends without a word and comes
// again emits nothing twice and loses nothing. Method: compare with an engine that ran through.
#include "log/log_fixture.hpp"
#include "rules/log_publisher.hpp"

#include <holdfast/models/engine.hpp>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <thread>

using namespace holdfast;
using namespace holdfast::test;

namespace {

const char* const kModel =
    "name: m\nkind: seasonal_range\nsource: cars\ntopic: car/#\nfields: [temp]\nwarmup: 1d\n"
    "options: {warmup_samples: 20, silence: 1h}\n";
constexpr int kSteps = 48 * 10;

bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

// A log with an engine on it, which can be killed and started again.
struct Site {
    LogFixture at;
    std::unique_ptr<log::ConsumerPool> pool;
    std::unique_ptr<LogPublisher> publisher;
    std::unique_ptr<alarms::Registry> alarms;
    std::unique_ptr<models::Engine> engine;

    Site() {
        at.make_stream("cars");
        at.make_stream("alarms");
        start();
    }
    ~Site() { end(); }
    void start() {
        pool = std::make_unique<log::ConsumerPool>(*at.log, 2);
        publisher = std::make_unique<LogPublisher>(*at.log, "cars");
        alarms = std::make_unique<alarms::Registry>();
        REQUIRE(alarms->load(*at.log));
        engine = std::make_unique<models::Engine>(
            models::EngineSettings{.models_max = 2, .checkpoint_records = 7},
            models::Engine::Parts{*at.log, *pool, *publisher, *alarms, at.metrics});
        REQUIRE(engine->start());
    }
    void end() {
        engine.reset();
        pool.reset();
    }
    void restart() {
        end();
        at.reopen();
        start();
    }

    // Half-hourly samples of two devices; in the last hours of each third day both run hot.
    void send(int from, int to, PartitionIndex partition = 0) {
        for (int step = from; step < to; ++step) {
            record::BatchBuilder builder;
            broker::OutMessage message;
            message.device = step % 2 == 0 ? "a" : "b";
            message.topic = "car/" + message.device;
            const bool is_hot = step / 48 % 3 == 2 && step % 48 >= 40;
            message.payload = fmt::format(R"({{"temp":{}}})", is_hot ? 500 : step % 48);
            message.event_ms = 1'600'041'600'000 + step * 1'800'000LL;
            LogPublisher::encode(builder, message, *message.event_ms);
            WaitedGroup group;
            group.appends.push_back(
                {{at.log->find_stream("cars")->id, partition}, builder.finish(), 1});
            at.log->append(group);
            REQUIRE(group.wait());
        }
    }
    [[nodiscard]] std::vector<std::string> emitted() const {
        std::vector<std::string> values;
        auto all = read_all(*at.log, {at.log->find_stream("alarms")->id, 0}).value();
        for (auto& each : all) values.push_back(std::move(each.value));
        return values;
    }
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
    CHECK(site.emitted().size() == info->counts.alarms_raised + info->counts.alarms_cleared);
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
