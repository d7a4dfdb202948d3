// Goal: a model file becomes typed values; its mistakes come with lines.
#include <holdfast/config/model_file.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;

TEST_CASE("a model file gives its fields and its kind's options", "[config][model]") {
    const auto parsed = config::parse_model(
        "name: cabin-1\n"
        "kind: context_range\n"
        "source: telemetry\n"
        "topic: lift/+/motor\n"
        "fields: [current, vibration.rms]\n"
        "time: ts\n"
        "warmup: 2d\n"
        "threshold: 0.8\n"
        "severity: critical\n"
        "options:\n"
        "  season: 1d\n"
        "  alpha: 0.25\n"
        "  side: high\n",
        "m.yaml");
    REQUIRE(parsed);
    const auto& model = parsed.value();
    CHECK(model.name == "cabin-1");
    CHECK(model.kind == "context_range");
    CHECK(model.source == "telemetry");
    CHECK(model.topic == "lift/+/motor");
    CHECK(model.fields == std::vector<std::string>{"current", "vibration.rms"});
    CHECK(model.time == "ts");
    CHECK(model.warmup_ms == 2ULL * 86'400'000);
    CHECK(model.threshold == 0.8);
    CHECK(model.severity == "critical");
    REQUIRE(model.options.size() == 3);
    CHECK(std::get<double>(model.options[0].value) == 86'400'000);
    CHECK(std::get<double>(model.options[1].value) == 0.25);
    CHECK(std::get<std::string>(model.options[2].value) == "high");
    CHECK(model.options[1].where == "m.yaml:12: options.alpha");
}

TEST_CASE("a mistake in a model file comes with its line", "[config][model]") {
    struct Row {
        const char* text;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"kind: k\nsource: s\nfields: [v]", "m:1: name: is missing"},
        {"name: m\nkind: k\nsource: s", "m:1: fields: is missing"},
        {"name: M\nkind: k\nsource: s\nfields: [v]", "m:1: name: 'M' is not 1 to 64"},
        {"name: m\nkind: k\nsource: s\nfields: [v]\nthreshold: 0",
         "m:5: threshold: 0 is not above"},
        {"name: m\nkind: k\nsource: s\nfields: [v]\nthreshold: x", "m:5: threshold: a number is"},
        {"name: m\nkind: k\nsource: s\nfields: v", "m:4: fields: a list is expected"},
        {"name: m\nkind: k\nsource: s\nfields: []", "m:1: name, kind, source and fields must"},
        {"name: m\nkind: k\nsource: s\nfields: [v]\nseverity: bad", "m:5: severity: 'bad' is none"},
        {"name: m\nkind: k\nsource: s\nfields: [v]\noptions: 3", "m:5: options: a map of settings"},
        {"name: m\nkind: k\nsource: s\nfields: [v]\noptions:\n  a: [1]",
         "m:6: options: a name with"},
        {"name: m\nkind: k\nsource: s\nfields: [v]\noptions: {a: 1, a: 2}",
         "options.a: given twice"},
    }));
    CAPTURE(row.text);
    const auto parsed = config::parse_model(row.text, "m");
    REQUIRE(!parsed);
    CHECK_THAT(parsed.error().context, Catch::Contains(row.error));
}
