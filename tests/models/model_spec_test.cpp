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
        "options: {drift: 1, smoothing: 0.2, limit: 3}\n",
        "m.yaml");
    REQUIRE(several);
    CHECK(several.value().kind == models::ModelKind::ewma_chart);
    CHECK(several.value().ewma_chart.drift == 1.0);
    CHECK(several.value().ewma_chart.smoothing == 0.2);
    CHECK(several.value().ewma_chart.limit == 3.0);
    CHECK(several.value().warm_up().ms == 0);

    using Catch::Matchers::Contains;
    CHECK_THAT(error_of("name: m\nkind: auto\nsource: s\nfields: [a]\noptions: {drift: 1}\n"),
               Contains("options.drift") && Contains("kind range_forest"));
    CHECK_THAT(error_of("name: m\nkind: auto\nsource: s\nfields: [a, b]\nwarmup: 1h\n"),
               Contains("ewma_chart counts warmup_samples"));
}

TEST_CASE("JSON says the same as YAML", "[models]") {
    const auto spec = parse_model(R"({"name":"p","kind":"ewma_pca","source":"cars",)"
                                  R"("fields":["a.x","b"],"options":{"hold_samples":5}})",
                                  "request");
    REQUIRE(spec);
    CHECK(spec.value().kind == models::ModelKind::ewma_pca);
    CHECK(spec.value().ewma_pca.hold_samples == 5);
    CHECK(spec.value().severity == alarms::Severity::minor);
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
    std::string many = "a0";
    for (int i = 1; i < 32; ++i) many += ", a" + std::to_string(i);
    CHECK(error_of("name: m\nkind: ewma_pca\nsource: s\nfields: [" + many + "]\n").empty());
    CHECK_THAT(error_of("name: m\nkind: ewma_pca\nsource: s\nfields: [" + many + ", z]\n"),
               Contains("2 to 32 fields"));
}
