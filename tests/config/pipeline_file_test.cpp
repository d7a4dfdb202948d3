// Goal: a pipeline file becomes typed values; its mistakes come with lines and what is allowed.
#include <holdfast/config/pipeline_file.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;

TEST_CASE("a pipeline file gives what a training needs", "[config][pipeline]") {
    const auto parsed = config::parse_pipeline(
        "name: pump-life\n"
        "device: pump\n"
        "time: when\n"
        "signals: [heat, shake]\n"
        "target: {end: failed, unit: 1d, at_most: 125d}\n"
        "cleanse: {step: 10m, limits: {heat: [-5, 120]}, outside: clip, missing: last}\n"
        "features:\n"
        "  - {kind: value}\n"
        "  - {kind: mean, signals: [heat], samples: [5, 30]}\n"
        "select: {target_correlation: 0.1, mutual_correlation: 0.95}\n"
        "test: {by: device, part: 0.25}\n"
        "folds: {by: both, count: 3}\n"
        "algorithm: random_forest\n"
        "settings: {trees: [10, 50], leaf_rows_min: 5}\n"
        "seed: 7\n",
        "p.yaml");
    REQUIRE(parsed);
    const config::PipelineFile& file = parsed.value();
    CHECK(file.name == "pump-life");
    CHECK(file.signals == std::vector<std::string>{"heat", "shake"});
    CHECK(file.end == "failed");
    CHECK(file.unit_ms == 86'400'000);
    CHECK(file.life_ms_max == 125ULL * 86'400'000);
    CHECK(file.step_ms == 600'000);
    REQUIRE(file.limits.size() == 1);
    CHECK(file.limits[0].min == -5);
    CHECK(file.limits[0].where == "p.yaml:6: cleanse.limits.heat");
    CHECK(file.is_clipped);
    CHECK(file.missing == "last");
    REQUIRE(file.features.size() == 2);
    CHECK(file.features[1].samples == std::vector<std::uint32_t>{5, 30});
    CHECK(file.mutual_correlation_max == 0.95);
    CHECK(file.test_by == config::PipelineSplit::device);
    CHECK(file.folds_by == config::PipelineSplit::both);
    CHECK(file.folds == 3);
    REQUIRE(file.settings.size() == 2);
    CHECK(file.settings[0].values == std::vector<double>{10, 50});
    CHECK(file.seed == 7);
    CHECK(file.where("algorithm") == "p.yaml:13: algorithm");
}

TEST_CASE("a mistake in a pipeline file comes with its line", "[config][pipeline]") {
    struct Row {
        const char* more;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"name: P", "p:6: name: given twice"},
        {"time: [a]", "p:6: time: given twice"},
        {"colour: red", "p:6: colour: unknown key; known are name, source, device"},
        {"test: {by: row}", "p:6: test.by: 'row' is none of time, device"},
        {"test: {part: 1}", "p:6: test.part: 1 is not above 0 and at most 0.9"},
        {"folds: {count: 1}", "p:6: folds.count: 1 is not within 2 .. 100"},
        {"folds: {by: moon}", "'moon' is none of time, device, both, row"},
        {"features: {kind: value}", "p:6: features: a list of features is expected"},
        {"features: [{samples: 3}]", "p:6: features.kind: is missing"},
        {"features: [{kind: mean, samples: 0}]", "a whole number from 1 to 10000"},
        {"cleanse: {limits: {v: [2, 1]}}", "p:6: cleanse.limits.v: [lowest, highest]"},
        {"cleanse: {missing: guess}", "'guess' is none of keep, drop, last"},
        {"settings: {trees: many}", "p:6: settings.trees: a number, or a list of up to 100"},
        {"settings: {trees: []}", "p:6: settings.trees: a number, or a list"},
        {"settings: 5", "p:6: settings: a map of settings"},
    }));
    CAPTURE(row.more);
    const auto parsed = config::parse_pipeline(
        "name: p\ntime: t\nsignals: [v]\n"
        "target: {column: y}\nalgorithm: linear\n" +
            std::string(row.more) + "\n",
        "p");
    REQUIRE(!parsed);
    CHECK_THAT(parsed.error().context, Catch::Contains(row.error));
}

TEST_CASE("a pipeline says what it learns, of what and how", "[config][pipeline]") {
    const std::vector<std::pair<std::string, std::string>> keys{
        {"name", "name: p\n"},
        {"time", "time: t\n"},
        {"signals", "signals: [v]\n"},
        {"target", "target: {column: y}\n"},
        {"algorithm", "algorithm: linear\n"}};
    for (const auto& [left_out, ignored] : keys) {
        std::string text;
        for (const auto& [key, line] : keys)
            if (key != left_out) text += line;
        const auto parsed = config::parse_pipeline(text, "p");
        REQUIRE(!parsed);
        CHECK_THAT(parsed.error().context, Catch::Contains("p:1: " + left_out + ": is missing"));
    }
    const auto both = config::parse_pipeline(
        "name: p\ntime: t\nsignals: [v]\ntarget: {column: y, end: e}\nalgorithm: linear\n", "p");
    REQUIRE(!both);
    CHECK_THAT(both.error().context, Catch::Contains("p:4: target.end: beside column"));
}
