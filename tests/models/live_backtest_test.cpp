// Goal: every kind of model raises live what its back-test said, bit for bit, also where the server
// is killed in between. Method: the same samples through a log and through a CSV; the alarms'
// details, whose numbers are written so that they read back exactly, must be the same text.
#include "support/log_site.hpp"

#include <holdfast/models/backtest.hpp>
#include <holdfast/models/engine.hpp>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <cmath>
#include <random>
#include <sstream>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr int kSteps = 48 * 20;
constexpr std::int64_t kStepMs = 1'800'000;
constexpr std::int64_t kStartMs = 1'600'041'600'000;

struct Sample {
    std::int64_t event_ms = 0;
    double a = 0.0;
    double b = 0.0;
    bool has_b = true;
};

// Two signals with a daily rhythm; now and then one is missing, a time is late, and for some hours
// of every third day both run away.
std::vector<Sample> samples() {
    std::vector<Sample> out;
    std::mt19937_64 random(11);
    std::normal_distribution<double> noise;
    for (int step = 0; step < kSteps; ++step) {
        const double wave = std::sin(6.283185307179586 * step / 48.0);
        const double off = step / 48 % 3 == 2 && step % 48 >= 30 && step % 48 < 42 ? 40.0 : 0.0;
        Sample sample{kStartMs + step * kStepMs, wave + 0.1 * noise(random) + off,
                      3.0 * wave + 0.2 * noise(random) - off, step % 17 != 0};
        if (step % 29 == 5) sample.event_ms -= 3 * kStepMs;
        out.push_back(sample);
    }
    return out;
}

struct Site : LogSite<models::Engine> {
    Site()
        : LogSite({"cars", "alarms"}, [](LogSite& site) {
              return std::make_unique<models::Engine>(
                  models::EngineSettings{.models_max = 2, .checkpoint_records = 50},
                  models::Engine::Parts{*site.at.log, *site.pool, *site.publisher, *site.alarms,
                                        site.at.metrics, site.at.clock});
          }) {}
    void send(const std::vector<Sample>& all, std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) {
            broker::OutMessage message;
            message.device = "d";
            message.topic = "car/d";
            message.payload = fmt::format(R"({{"a":{}{}}})", all[i].a,
                                          all[i].has_b ? fmt::format(R"(,"b":{})", all[i].b) : "");
            message.event_ms = all[i].event_ms;
            append(message, all[i].event_ms);
        }
    }
    [[nodiscard]] bool has_caught_up() const { return engine->find("m")->lag == 0; }
};

// The column `details` of the rows that have one.
std::vector<std::string> backtested(const std::string& model, const std::vector<Sample>& all) {
    std::string csv = "ts,a,b\n";
    for (const Sample& sample : all)
        csv += fmt::format("{},{},{}\n", sample.event_ms, sample.a,
                           sample.has_b ? fmt::format("{}", sample.b) : "");
    std::istringstream in(csv);
    std::stringstream out;
    const auto spec = models::parse_model(model, "m");
    REQUIRE(spec.has_value());
    models::BacktestOptions options;
    options.device = "d";
    REQUIRE(models::backtest(spec.value(), options, in, out).has_value());
    std::vector<std::string> details;
    for (std::string line; std::getline(out, line);) {
        const std::size_t at = line.find("\"{");
        if (at == std::string::npos) continue;
        std::string text = line.substr(at + 1, line.size() - at - 2);
        for (std::size_t quote = 0; (quote = text.find("\"\"", quote)) != std::string::npos;)
            text.erase(quote++, 1);
        details.push_back(text);
    }
    return details;
}

} // namespace

TEST_CASE("every kind raises live what its back-test says, across a kill", "[models]") {
    const std::string kind = GENERATE(
        "kind: auto\nfields: [a]\nwarmup: 1h\noptions: {warmup_samples: 96, silence_samples: 10}",
        "kind: seasonal_range\nfields: [a]\nwarmup: 1d\noptions: {warmup_samples: 20, silence: 1h}",
        "kind: auto\nfields: [a, b]\noptions: {warmup_samples: 96}",
        "kind: ewma_chart\nfields: [a, b]\noptions: {warmup_samples: 96}",
        "kind: level_shift\nfields: [a, b]\noptions: {warmup_samples: 96, hold_samples: 10}",
        "kind: sensor_fault\nfields: [a, b]\noptions: {warmup_samples: 96, hold_samples: 10}",
        "kind: rls\nfields: [a, b]\noptions: {warmup_samples: 96, lasting: 0.1, momentary: 1, "
        "hold_samples: 10}",
        "kind: ewma_pca\nfields: [a, b]\noptions: {warmup_samples: 96}");
    CAPTURE(kind);
    const std::string model = "name: m\nsource: cars\n" + kind + "\n";
    const auto all = samples();
    const auto expected = backtested(model, all);
    REQUIRE(expected.size() >= 2); // raised and cleared, and some get worse

    const int crash_at = GENERATE(1, 3);
    Site site;
    REQUIRE(site.engine->create(model, "test").has_value());
    site.publisher->crash_after(crash_at, crash_at == 3);
    site.send(all, 0, all.size() / 2);
    REQUIRE(eventually([&] { return site.publisher->has_crashed() || site.has_caught_up(); }));
    site.restart();
    site.send(all, all.size() / 2, all.size());
    REQUIRE(eventually([&] { return site.has_caught_up(); }));
    const auto emitted = site.stored("alarms");
    REQUIRE(emitted.size() == expected.size());
    for (std::size_t i = 0; i < emitted.size(); ++i) {
        CAPTURE(i, emitted[i]);
        CHECK(emitted[i].find(expected[i]) != std::string::npos);
    }
}
