#include <holdfast/models/model_spec.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;
using models::parse_model;

namespace {

const std::string kHead = "name: m\nkind: seasonal_range\nsource: cars\nfields: [temp]\n";
const std::string kPca = "name: m\nkind: ewma_pca\nsource: cars\nfields: [a, b]\n";

std::string error_of(const std::string& text) {
    const auto spec = parse_model(text, "m.yaml");
    if (spec) return "";
    CHECK(spec.error().code == Errc::malformed);
    return spec.error().context;
}

} // namespace

TEST_CASE("a model file sets what its detector is to do", "[models]") {
    const auto spec = parse_model(kHead +
                                      "topic: car/+/obd\nwarmup: 2d\nthreshold: 0.7\n"
                                      "severity: critical\ntime: at\n"
                                      "options: {slack: 0.1, silence: 6h}\n",
                                  "m.yaml");
    REQUIRE(spec);
    const models::ModelSpec& model = spec.value();
    CHECK(model.name == "m");
    CHECK(model.kind == models::ModelKind::seasonal_range);
    CHECK(model.source == "cars");
    CHECK(model.topic == "car/+/obd");
    CHECK(model.fields == std::vector<std::string>{"temp"});
    CHECK(model.time == "at");
    CHECK(model.severity == alarms::Severity::critical);
    CHECK(model.threshold() == 0.7);
    CHECK(model.seasonal_range.warmup_ms == 2 * 86'400'000LL);
    CHECK(model.seasonal_range.slack == 0.1);
    CHECK(model.seasonal_range.silence_ms == 6 * 3'600'000LL);
    CHECK(model.seasonal_range.debt_limit == ml::SeasonalRangeSettings{}.debt_limit);
}

TEST_CASE("auto takes the detector for the number of fields, with its options", "[models]") {
    const auto one = parse_model(
        "name: m\nkind: auto\nsource: s\nfields: [a]\nwarmup: 1h\nthreshold: 0.6\n"
        "options: {limit: 0.2, habituation: 1, silence_samples: 9, warmup_samples: 50}\n",
        "m.yaml");
    REQUIRE(one);
    CHECK(one.value().kind == models::ModelKind::range_forest);
    CHECK(one.value().range_forest.limit == 0.2);
    CHECK(one.value().range_forest.habituation == 1.0);
    CHECK(one.value().range_forest.silence_samples == 9);
    CHECK(one.value().warm_up().samples == 50);
    CHECK(one.value().warm_up().ms == 3'600'000);
    CHECK(one.value().threshold() == 0.6);

    const auto several = parse_model(
        "name: m\nkind: auto\nsource: s\nfields: [a, b]\n"
        "threshold: 0.6\noptions: {drift: 1, stuck: 0.2, memory: 900, warmup_samples: 250}\n",
        "m.yaml");
    REQUIRE(several);
    const models::ModelSpec& model = several.value();
    CHECK(model.kind == models::ModelKind::ensemble);
    CHECK(model.ensemble.chart.drift == 1.0);
    CHECK(model.ensemble.fault.stuck == 0.2);
    CHECK(model.ensemble.rls.memory == 900.0);
    CHECK(model.ensemble.chart.warmup_samples == 250);
    CHECK(model.warm_up().samples == 250);
    CHECK(model.warm_up().ms == 0);
    CHECK(model.threshold() == 0.6);

    using Catch::Matchers::Contains;
    CHECK_THAT(error_of("name: m\nkind: auto\nsource: s\nfields: [a]\noptions: {drift: 1}\n"),
               Contains("options.drift") && Contains("kind range_forest"));
    CHECK_THAT(error_of("name: m\nkind: auto\nsource: s\nfields: [a, b]\nwarmup: 1h\n"),
               Contains("ensemble counts warmup_samples"));
}

TEST_CASE("each kind has options and a threshold of its own", "[models]") {
    const auto of = [](const std::string& rest) {
        const auto spec =
            parse_model("name: m\nsource: s\nfields: [a, b]\nthreshold: 0.7\n" + rest, "m.yaml");
        REQUIRE(spec.has_value());
        CHECK(spec.value().threshold() == 0.7);
        return spec.value();
    };
    CHECK(of("kind: ewma_chart\noptions: {smoothing: 0.2}\n").ewma_chart.smoothing == 0.2);
    CHECK(of("kind: sensor_fault\noptions: {gap: 9}\n").sensor_fault.gap == 9.0);
    CHECK(of("kind: level_shift\noptions: {shift: 0.4, memory: 300}\n").level_shift.shift == 0.4);
    CHECK(of("kind: rls\noptions: {momentary: 8, hold_samples: 5}\n").rls.momentary == 8.0);
    CHECK(of("kind: ensemble\noptions: {hold_samples: 7}\n").ensemble.fault.hold_samples == 7);
}

TEST_CASE("JSON says the same as YAML", "[models]") {
    const auto spec = parse_model(R"({"name":"p","kind":"ewma_pca","source":"cars",)"
                                  R"("fields":["a.x","b"],"options":{"hold_samples":5}})",
                                  "request");
    REQUIRE(spec);
    CHECK(spec.value().kind == models::ModelKind::ewma_pca);
    CHECK(spec.value().ewma_pca.hold_samples == 5);
    CHECK_FALSE(spec.value().severity); // by score and duration
}

TEST_CASE("what a model file gets wrong is named with its place", "[models]") {
    using Catch::Matchers::Contains;
    CHECK_THAT(error_of("name: m\nkind: crystal_ball\nsource: cars\nfields: [a]\n"),
               Contains("m.yaml") && Contains("'crystal_ball'") && Contains("seasonal_range"));
    CHECK_THAT(error_of(kHead + "options:\n  slak: 0.1\n"),
               Contains("m.yaml:6: options.slak") && Contains("no such option"));
    CHECK_THAT(error_of(kHead + "options:\n  debt_decay: 1\n"),
               Contains("m.yaml:6: options.debt_decay") && Contains("0 to 0.999"));
    CHECK_THAT(error_of(kHead + "options:\n  slack: much\n"), Contains("m.yaml:6: options.slack"));
    CHECK_THAT(error_of(kHead + "options:\n  slack: nan\n"), Contains("m.yaml:6: options.slack"));
    CHECK_THAT(error_of(kPca + "options: {warmup_samples: 19}\n"), Contains("20 to 10000"));
    CHECK_THAT(error_of(kPca + "options: {slack: 0.1}\n"), Contains("kind ewma_pca"));
    CHECK_THAT(error_of(kPca + "warmup: 1h\n"), Contains("warmup_samples"));
    CHECK_THAT(error_of(kHead + "topic: car/#/obd\n"), Contains("'car/#/obd'"));
    CHECK_THAT(error_of(kHead + "threshold: 2\n"), Contains("m.yaml:5") && Contains("threshold"));
    CHECK_THAT(error_of(kHead + "time: a..b\n"), Contains("'a..b'"));
    CHECK_THAT(error_of("name: m\n"), Contains("kind") && Contains("is missing"));
}

TEST_CASE("a kind has the number of fields that it can watch", "[models]") {
    using Catch::Matchers::Contains;
    CHECK_THAT(error_of("name: m\nkind: seasonal_range\nsource: s\nfields: [a, b]\n"),
               Contains("one field"));
    CHECK_THAT(error_of("name: m\nkind: ewma_pca\nsource: s\nfields: [a]\n"),
               Contains("2 to 32 fields"));
    CHECK(error_of("name: m\nkind: sensor_fault\nsource: s\nfields: [a]\n").empty());
    CHECK_THAT(error_of("name: m\nkind: rls\nsource: s\nfields: [a]\n"),
               Contains("2 to 32 fields"));
    std::string many = "a0";
    for (int i = 1; i < 32; ++i) many += ", a" + std::to_string(i);
    CHECK(error_of("name: m\nkind: ewma_pca\nsource: s\nfields: [" + many + "]\n").empty());
    CHECK_THAT(error_of("name: m\nkind: ewma_pca\nsource: s\nfields: [" + many + ", z]\n"),
               Contains("2 to 32 fields"));
}
