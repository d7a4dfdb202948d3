// Goal: a pipeline is checked whole before anything is read, and says what it would do.
#include "pipeline/plan_of.hpp"

using namespace holdfast;
using test::plan_of;

namespace {

const std::string kBegin = "name: p\ndevice: d\ntime: t\nsignals: [a, b]\ntarget: {column: y}\n";

} // namespace

TEST_CASE("features of every signal and length have their names", "[pipeline]") {
    const auto plan = plan_of(kBegin +
                              "algorithm: linear\n"
                              "features:\n"
                              "  - {kind: value}\n"
                              "  - {kind: mean, signals: [b], samples: [5, 30]}\n"
                              "  - {kind: ratio, signals: [a], other: b}\n"
                              "  - {kind: hour}\n");
    CHECK(plan.feature_names ==
          std::vector<std::string>{"a", "b", "mean(b, 5)", "mean(b, 30)", "ratio(a, b)", "hour"});
    REQUIRE(plan.features.size() == 6);
    CHECK(plan.features[3] == ml::FeatureSpec{ml::FeatureKind::mean, 1, 30});
    CHECK(plan.features[4] == ml::FeatureSpec{ml::FeatureKind::ratio, 0, 0, 1});
}

TEST_CASE("without features the values of all signals are these", "[pipeline]") {
    CHECK(plan_of(kBegin + "algorithm: linear\n").feature_names ==
          std::vector<std::string>{"a", "b"});
}

TEST_CASE("lists of settings make a grid", "[pipeline]") {
    const auto plan = plan_of(kBegin +
                              "algorithm: random_forest\n"
                              "settings: {trees: [10, 20], depth_max: [3, 4]}\nseed: 9\n");
    std::vector<std::string> texts;
    for (const auto& each : plan.candidates) texts.push_back(each.text);
    CHECK(texts == std::vector<std::string>{
                       "random_forest trees=10 depth_max=3", "random_forest trees=10 depth_max=4",
                       "random_forest trees=20 depth_max=3", "random_forest trees=20 depth_max=4"});
    const auto& last = std::get<ml::RandomForestSettings>(plan.candidates[3].algorithm);
    CHECK(last.trees == 20);
    CHECK(last.bounds.depth_max == 4);
    CHECK(last.seed == 9);
}

TEST_CASE("what a pipeline cannot do is said with its line", "[pipeline]") {
    struct Row {
        const char* more;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"algorithm: magic",
         "p.yaml:6: algorithm: 'magic' does not learn values; what does is "
         "linear, decision_tree"},
        {"algorithm: logistic", "'logistic' does not learn values"},
        {"algorithm: linear\nsettings: {trees: 3}",
         "p.yaml:7: settings.trees: linear has no such setting; it has l2"},
        {"algorithm: random_forest\nsettings: {trees: [10, 0]}",
         "settings.trees: 0 is not a whole number within 1 .. 10000"},
        {"algorithm: boosted_trees\nsettings: {leaves_max: 2.5}", "2.5 is not a whole number"},
        {"algorithm: linear\nfeatures: [{kind: median}]",
         "p.yaml:7: features: 'median' is none of value, lag"},
        {"algorithm: linear\nfeatures: [{kind: mean}]", "features: mean needs samples"},
        {"algorithm: linear\nfeatures: [{kind: value, samples: 3}]", "value takes no samples"},
        {"algorithm: linear\nfeatures: [{kind: ratio}]", "ratio needs other"},
        {"algorithm: linear\nfeatures: [{kind: lag, samples: 10000}]", "10000 samples"},
        {"algorithm: linear\nfeatures: [{kind: value, signals: [c]}]",
         "'c' is none of the signals a, b"},
        {"algorithm: linear\ncleanse: {limits: {c: [0, 1]}}",
         "p.yaml:7: cleanse.limits.c: 'c' is none of the signals"},
    }));
    CAPTURE(row.more);
    auto file = config::parse_pipeline(kBegin + row.more + "\n", "p.yaml");
    REQUIRE(file);
    const auto plan = pipeline::check_pipeline(std::move(file).value());
    REQUIRE(!plan);
    CHECK_THAT(plan.error().context, Catch::Contains(row.error));
}

TEST_CASE("what is given twice is refused by name, but in what was trained", "[pipeline]") {
    struct Row {
        const char* more;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"features:\n  - {kind: value}\n  - {kind: value, signals: [a]}\n",
         "p:9: features: 'a' is given twice"},
        {"features: [{kind: mean, samples: [5, 30, 5]}]\n",
         "p:7: features: 'mean(a, 5)' is given twice"},
        {"features: [{kind: lag, signals: [b, b], samples: 2}]\n", "'lag(b, 2)' is given twice"},
        {"features: [{kind: hour}, {kind: hour}]\n", "'hour' is given twice"},
        {"cleanse: {limits: {a: [0, 1], a: [0, 2]}}\n", "cleanse.limits.a: given twice"},
        {"source: {stream: s, query: SELECT 1}\n",
         "p:7: source: a query beside a stream: rows are of one of both"},
    }));
    CAPTURE(row.more);
    const auto file = config::parse_pipeline(kBegin + "algorithm: linear\n" + row.more, "p");
    REQUIRE(file);
    const auto plan = pipeline::check_pipeline(file.value());
    REQUIRE(!plan);
    CHECK_THAT(plan.error().context, Catch::Contains(row.error));
    CHECK(pipeline::check_stored_pipeline(file.value()));
}

TEST_CASE("a target is no signal, and devices are needed to split by them", "[pipeline]") {
    struct Row {
        const char* text;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"signals: [a, y]\ntarget: {column: y}", "p:4: signals: 'y' is the target"},
        {"signals: [a, a]\ntarget: {column: y}", "p:4: signals: 'a' is given twice"},
        {"signals: [a]\ntarget: {column: y}\nfolds: {by: device}", "p:1: device: is missing"},
    }));
    auto file = config::parse_pipeline(
        std::string("name: p\ntime: t\nalgorithm: linear\n") + row.text + "\n", "p");
    REQUIRE(file);
    const auto plan = pipeline::check_pipeline(std::move(file).value());
    REQUIRE(!plan);
    CHECK_THAT(plan.error().context, Catch::Contains(row.error));
}
