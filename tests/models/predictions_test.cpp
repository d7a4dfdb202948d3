// Goal: a version in use says of a stream what it says of the same samples at a desk, bit for bit,
// also where the server is killed in between; its alarms come and go by its pipeline's bound.
// Method: the same samples through a log and through DeviceModel.
#include "pipeline/plan_of.hpp"
#include "support/log_site.hpp"

#include <holdfast/models/predictions.hpp>
#include <holdfast/pipeline/training.hpp>
#include <support/temp_dir.hpp>

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <map>
#include <random>

using namespace holdfast;
using namespace holdfast::test;
using Catch::Contains;

namespace {

constexpr std::int64_t kStartMs = 1'600'000'000'000;

const std::string kPlain =
    "name: wear\nsource: {stream: cars}\nsignals: [a, b]\n"
    "target: {column: y}\nfolds: {count: 2}\nalgorithm: linear\n";
const std::string kRich =
    kPlain +
    "features: [{kind: value}, {kind: mean, samples: [3, 9]}, {kind: lag, samples: 4}]\n"
    "cleanse: {step: 3s, limits: {a: [-2, 2]}, missing: last}\n";

std::vector<double> sample_at(std::size_t i) {
    std::mt19937_64 random(i);
    std::normal_distribution<double> noise;
    const double a = std::sin(static_cast<double>(i) / 9.0) + noise(random);
    return {a, i % 7 == 0 ? std::nan("") : 3 * noise(random)};
}

ml::TrainedModel trained(const std::string& text) {
    const auto plan = plan_of(text);
    pipeline::Samples samples(plan);
    for (std::size_t i = 0; i < 300; ++i) {
        const auto signals = sample_at(i);
        REQUIRE(samples.add("d", static_cast<std::int64_t>(i) * 1000, signals, signals[0]));
    }
    const auto rows = samples.rows();
    REQUIRE(rows);
    auto out = pipeline::train(plan, rows.value());
    if (!out) FAIL(out.error().context);
    return std::move(out).value().model;
}

// Outlives the site, whose engine reads it.
struct Kept {
    Kept() : versions({dir.path() / "trained"}) { REQUIRE(versions.load()); }
    TempDir dir;
    pipeline::VersionStore versions;
    std::string refused = "nobody"; // may not read
};

struct Site : Kept, LogSite<models::Predictions> {
    Site()
        : LogSite({"cars", "alarms"}, [this](LogSite& site) {
              return std::make_unique<models::Predictions>(models::Predictions::Parts{
                  *site.at.log, *site.pool, *site.publisher, *site.alarms, site.at.clock, versions,
                  50, [this](const auto& who, const auto&) {
                      return who == refused ? "not you" : "";
                  }});
          }) {}
    void add(const std::string& text) { REQUIRE(versions.add(trained(text), "{}", "", 1)); }
    void use(std::uint64_t number, const std::string& promoted_by = "") {
        REQUIRE(versions.promote("wear", number));
        REQUIRE(engine->follow("wear", promoted_by));
    }
    void send(std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) {
            const auto signals = sample_at(i);
            send(signals[0], signals[1], kStartMs + static_cast<std::int64_t>(i) * 1000);
        }
    }
    // `more` is of the payload.
    void send(double a, double b, std::int64_t event_ms, const std::string& more = "") {
        broker::OutMessage message;
        message.device = "d";
        message.topic = "car/d";
        message.payload = fmt::format(R"({{"a":{}{}{}}})", a,
                                      std::isnan(b) ? "" : fmt::format(R"(,"b":{})", b), more);
        message.event_ms = event_ms;
        append(message, event_ms);
    }
    models::PredictionsInfo info() const {
        auto found = engine->find("wear");
        REQUIRE(found);
        return std::move(*found);
    }
    void catch_up() {
        REQUIRE(eventually([this] { return info().lag == 0; }));
    }
    // What it said last, of the one device.
    models::Prediction newest() {
        catch_up();
        const auto all = info().newest;
        REQUIRE(all.size() == 1);
        return all.front();
    }
    std::vector<alarms::Alarm> active() const { return alarms->active_of("trained:wear"); }
};

} // namespace

TEST_CASE("a version in use says live what it says at a desk, across a kill", "[models]") {
    const std::string text = GENERATE_COPY(kPlain, kRich);
    Site site;
    site.add(text);
    site.use(1);
    const auto applied = pipeline::AppliedModel::make(trained(text));
    REQUIRE(applied);
    pipeline::DeviceModel desk(applied.value());
    std::size_t at = 0;
    for (const std::size_t to : {130U, 133U, 260U, 400U}) { // three samples are a step of kRich
        site.send(at, to);
        std::optional<pipeline::DeviceModel::Prediction> expected; // since the last start
        for (; at < to; ++at)
            if (const auto said =
                    desk.update(kStartMs + static_cast<std::int64_t>(at) * 1000, sample_at(at)))
                expected = said;
        REQUIRE(expected);
        const auto live = site.newest();
        CHECK(live.event_ms == expected->event_ms);
        CHECK(std::bit_cast<std::uint64_t>(live.value) ==
              std::bit_cast<std::uint64_t>(expected->value));
        site.restart(); // without a word: it goes on from what was stored
    }
}

TEST_CASE("devices that the payload tells are followed each by itself", "[models]") {
    const auto text = [](const std::string& device) {
        return kPlain + "device: " + device +
               "\nfeatures: [{kind: value}, {kind: lag, samples: 1}]\n";
    };
    Site site;
    site.add(text("car.id"));
    site.use(1);
    const auto applied = pipeline::AppliedModel::make(trained(text("car.id")));
    REQUIRE(applied);
    std::map<std::string, pipeline::DeviceModel> desks;
    std::map<std::string, double> expected;
    const auto send = [&](std::size_t i) {
        const std::string name = i % 3 == 0 ? "7" : i % 3 == 1 ? "red" : "";
        const std::string member = i % 3 == 0   ? R"(,"car":{"id":7})"
                                   : i % 3 == 1 ? R"(,"car":{"id":"red"})"
                                                : "";
        const auto signals = sample_at(i);
        const auto event_ms = kStartMs + static_cast<std::int64_t>(i) * 1000;
        site.send(signals[0], signals[1], event_ms, member);
        auto& desk = desks.try_emplace(name, applied.value()).first->second;
        expected[name] = desk.update(event_ms, signals)->value;
    };
    const auto check = [&] {
        site.catch_up();
        std::map<std::string, double> said;
        for (const auto& each : site.info().newest) said[each.device] = each.value;
        CHECK(said == expected);
    };
    for (std::size_t i = 0; i < 200; ++i) send(i);
    check();
    site.restart();
    for (std::size_t i = 200; i < 206; ++i) send(i); // with what was stored of each
    check();
}

TEST_CASE("a prediction beyond the bound raises an alarm until one is not", "[models]") {
    Site site;
    site.add(kPlain + "alarm: {above: 5, severity: critical}\n");
    site.use(1);
    site.send(1, 0, kStartMs);
    site.catch_up();
    CHECK(site.active().empty());
    site.send(9, 0, kStartMs + 1000);
    REQUIRE(eventually([&] { return site.active().size() == 1; }));
    const auto alarm = site.active().front();
    CHECK(alarm.name == "prediction");
    CHECK(alarm.device == "d");
    CHECK(alarm.severity == alarms::Severity::critical);
    CHECK(alarm.raised_ms == kStartMs + 1000);
    CHECK_THAT(alarm.details_json, Contains(R"("above":5)") && Contains(R"("version":1)"));
    site.restart();
    CHECK(site.active().size() == 1);
    site.send(9, 0, kStartMs + 2000);
    site.catch_up();
    CHECK(site.active().front().raised_ms == kStartMs + 1000);
    site.send(1, 0, kStartMs + 3000);
    REQUIRE(eventually([&] { return site.active().empty(); }));
    CHECK(site.stored("alarms").size() == 2);
}

TEST_CASE("another version begins at the end, and clears what the one before raised", "[models]") {
    Site site;
    site.add(kPlain + "alarm: {below: 0}\n");
    site.add(kPlain);
    CHECK_FALSE(site.engine->find("wear"));
    site.use(1);
    site.send(-3, 0, kStartMs);
    REQUIRE(eventually([&] { return site.active().size() == 1; }));
    site.use(2);
    CHECK(site.active().empty());
    CHECK(site.info().version == 2);
    CHECK(site.info().newest.empty());
    site.restart();
    CHECK(site.info().version == 2);
    CHECK(site.info().lag == 0);
    REQUIRE(site.versions.roll_back("wear"));
    REQUIRE(site.engine->follow("wear"));
    CHECK(site.info().version == 1);
    REQUIRE(site.versions.remove("wear"));
    REQUIRE(site.engine->follow("wear"));
    CHECK_FALSE(site.engine->find("wear"));
    CHECK(site.state_keys(models::kKeyspace, "trained:").empty());
}

TEST_CASE("a damaged state of a device is named, and the device begins anew", "[models]") {
    Site site;
    site.add(kPlain);
    site.use(1);
    site.send(0, 60);
    site.catch_up();
    site.end();
    for (const std::string& key : site.state_keys(models::kKeyspace, "trained:wear"))
        if (key.ends_with("d")) site.write_state({{models::kKeyspace, key, "zz"}});
    site.at.reopen();
    site.start();
    CHECK_THAT(site.info().last_error, Contains("device 'd'"));
    site.send(60, 61);
    CHECK(std::isfinite(site.newest().value));
}

TEST_CASE("a version in use is paused with the rights of who promoted it, and goes on",
          "[models]") {
    Site site;
    site.add(kPlain);
    site.use(1, "eve");
    site.send(0, 100);
    site.catch_up();
    CHECK(site.info().promoted_by == "eve");
    CHECK(site.info().reason.empty());

    site.refused = "eve";
    REQUIRE(site.engine->follow_rights());
    CHECK(site.info().reason == "not you");
    site.send(100, 130);
    REQUIRE(site.engine->refresh()); // a new stream somewhere: still paused
    CHECK(site.info().devices == 0);
    site.restart(); // whose it is outlives the process
    CHECK(site.info().promoted_by == "eve");
    CHECK(site.info().reason == "not you");

    site.refused = "nobody";
    REQUIRE(site.engine->follow_rights());
    CHECK(site.info().reason.empty());
    CHECK(site.newest().event_ms == kStartMs + 129'000);
}

TEST_CASE("a promotion that was cut off gives nobody's rights, and loses nothing", "[models]") {
    Site site;
    site.add(kPlain + "alarm: {below: 0}\n");
    site.add(kPlain);
    site.use(1, "eve");
    site.send(-3, 0, kStartMs);
    REQUIRE(eventually([&] { return site.active().size() == 1; }));
    const auto kept = site.state_keys(models::kKeyspace, "trained:");
    REQUIRE(site.versions.promote("wear", 2)); // and the server ends before it is followed
    site.restart();
    CHECK_FALSE(site.engine->find("wear"));
    CHECK(site.active().size() == 1);
    CHECK(site.state_keys(models::kKeyspace, "trained:") == kept);

    REQUIRE(site.versions.roll_back("wear"));
    site.restart(); // all is as it was
    CHECK(site.info().version == 1);
    CHECK(site.info().promoted_by == "eve");
    CHECK(site.active().size() == 1);
    site.use(2, "adam");
    CHECK(site.info().promoted_by == "adam");
    CHECK(site.active().empty());

    REQUIRE(site.versions.remove("wear")); // likewise
    site.restart();
    CHECK_FALSE(site.engine->find("wear"));
    CHECK(site.state_keys(models::kKeyspace, "trained:").empty());
}

TEST_CASE("promoted again by another, a version goes on with his rights", "[models]") {
    Site site;
    site.add(kPlain);
    site.use(1, "eve");
    site.send(0, 100);
    site.catch_up();
    site.refused = "eve";
    REQUIRE(site.engine->follow_rights());
    REQUIRE(site.info().reason == "not you");
    site.use(1, "adam");
    CHECK(site.info().promoted_by == "adam");
    CHECK(site.info().reason.empty());
    site.restart();
    CHECK(site.info().promoted_by == "adam");
    site.use(1); // the operator's
    site.restart();
    CHECK(site.info().promoted_by.empty());
}

TEST_CASE("a version that cannot begin leaves the one before at work", "[models]") {
    Site site;
    site.add(kPlain);
    site.add(kPlain);
    site.use(1);
    site.send(0, 20);
    site.catch_up();
    REQUIRE(site.versions.promote("wear", 2));
    site.publisher->crash_after(0, false);
    REQUIRE_FALSE(site.engine->follow("wear", ""));
    site.publisher->recover();
    CHECK(site.info().version == 1);
    site.send(20, 30);
    CHECK(site.newest().event_ms == kStartMs + 29 * 1'000);
    REQUIRE(site.engine->follow("wear", "")); // repeated
    CHECK(site.info().version == 2);
}
