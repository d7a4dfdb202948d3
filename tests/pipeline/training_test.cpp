// Goal: a training finds what is in the data, judges it by rows that it has not seen, and gives the
// same for the same. Method: targets whose formula is known.
#include "pipeline/plan_of.hpp"

#include <holdfast/ml/training/random.hpp>
#include <holdfast/pipeline/training.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

using namespace holdfast;
using Catch::Contains;
using test::plan_of;

namespace {

constexpr int kDevices = 6;
constexpr int kRows = 60; // of a device

const std::string kBegin =
    "name: pump\ndevice: d\ntime: t\nsignals: [a, b, noise]\ntarget: {column: y}\n";

// y = 3 a - b + 10 of signals that are even in [0, 1); with labels, whether that is above 11.
// `late` is added to the newest fifth of targets.
pipeline::TrainingRows rows_of(const pipeline::Plan& plan, double late = 0.0) {
    ml::Random random(1);
    pipeline::Samples samples(plan);
    for (int i = 0; i < kRows; ++i)
        for (int device = 0; device < kDevices; ++device) {
            const std::vector signals{random.uniform(), random.uniform(), random.uniform()};
            double y = 3 * signals[0] - signals[1] + 10;
            if (plan.file.is_label) y = y > 11 ? 1 : 0;
            if (i >= kRows * 4 / 5) y += late;
            REQUIRE(samples.add(fmt::format("pump{}", device), i * 1000, signals, y));
        }
    auto rows = samples.rows();
    REQUIRE(rows);
    return std::move(rows).value();
}

pipeline::Trained trained(const pipeline::Plan& plan, double late = 0.0) {
    auto out = pipeline::train(plan, rows_of(plan, late));
    if (!out) FAIL(out.error().context);
    return std::move(out).value();
}

} // namespace

TEST_CASE("a linear target is found, with what it goes by", "[pipeline]") {
    const std::string by = GENERATE("time", "device", "both", "row");
    const auto plan = plan_of(kBegin + "algorithm: linear\nfolds: {count: 3, by: " + by + "}\n");
    const auto out = trained(plan);
    const auto& test = std::get<ml::ValueScores>(out.report.test);
    CHECK(test.rmse < 1e-9);
    CHECK(test.r2 > 1 - 1e-9);
    CHECK(out.report.candidates[0].evaluation.folds.size() == 3);
    REQUIRE(out.report.importance.size() == 3);
    CHECK(out.report.importance[0].feature == "a");
    CHECK(out.report.importance[0].part == Approx(0.75).margin(0.03));
    CHECK(out.report.importance[2].part < 1e-9);
    CHECK(out.report.train_rows == kDevices * kRows * 4 / 5);
    CHECK(out.report.test_rows == kDevices * kRows / 5);
}

TEST_CASE("what the test rows say changes no model", "[pipeline]") {
    const auto plan = plan_of(kBegin +
                              "algorithm: random_forest\nsettings: {trees: 5}\n"
                              "folds: {count: 2}\n");
    const auto usual = trained(plan);
    const auto other = trained(plan, 100.0);
    Bytes usual_bytes;
    Bytes other_bytes;
    std::get<ml::TreeEnsemble>(usual.model.model).save(usual_bytes);
    std::get<ml::TreeEnsemble>(other.model.model).save(other_bytes);
    CHECK(usual_bytes == other_bytes);
    CHECK(std::get<ml::ValueScores>(other.report.test).rmse > 90);
    CHECK(other.report.residuals.mean > 90);
}

TEST_CASE("the same file and rows give the same model and report", "[pipeline]") {
    const std::string algorithm =
        GENERATE("linear", "decision_tree", "random_forest", "boosted_trees");
    const auto plan = plan_of(
        kBegin + "algorithm: " + algorithm + "\nfolds: {count: 2}\n" +
        (algorithm == "linear" || algorithm == "decision_tree" ? "" : "settings: {trees: 5}\n"));
    const auto first = trained(plan);
    const auto second = trained(plan);
    CHECK(pipeline::report_json(first.report) == pipeline::report_json(second.report));
    CHECK(ml::encode_model(first.model) == ml::encode_model(second.model));
    const auto read = ml::decode_model(ml::encode_model(first.model));
    REQUIRE(read);
    CHECK(read.value().pipeline == plan.file.text);
    CHECK(read.value().signals == plan.file.signals);
}

TEST_CASE("the grid's best candidate becomes the model", "[pipeline]") {
    const auto plan = plan_of(kBegin +
                              "algorithm: decision_tree\nfolds: {count: 2}\n"
                              "settings: {leaves_max: [2, 64, 3]}\n");
    const auto out = trained(plan);
    CHECK(out.report.best == 1);
    CHECK(std::get<ml::TreeEnsemble>(out.model.model).trees()[0].nodes.size() > 5);
    CHECK_THAT(pipeline::report_text(out.report), Contains("leaves_max=64   <- best"));
}

TEST_CASE("features that do not tell, or tell the same again, are left out", "[pipeline]") {
    const auto plan = plan_of(kBegin +
                              "algorithm: linear\nfolds: {count: 2}\n"
                              "features: [{kind: value}, {kind: mean, samples: 1}]\n"
                              "select: {target_correlation: 0.2, "
                              "mutual_correlation: 0.99}\n");
    const auto out = trained(plan);
    CHECK(out.model.features ==
          std::vector<ml::FeatureSpec>{{ml::FeatureKind::value, 0}, {ml::FeatureKind::value, 1}});
    CHECK(std::get<ml::ValueScores>(out.report.test).rmse < 1e-9);
    const auto strict = plan_of(kBegin + "algorithm: linear\nselect: {target_correlation: 1}\n");
    const auto none = pipeline::train(strict, rows_of(strict));
    REQUIRE(!none);
    CHECK_THAT(none.error().context, Contains("linear: fold 1: no feature correlates"));
}

TEST_CASE("labels are learned and judged as labels", "[pipeline]") {
    const auto plan = plan_of(
        "name: pump\ndevice: d\ntime: t\nsignals: [a, b]\n"
        "target: {column: y, kind: label}\nalgorithm: logistic\n");
    pipeline::Samples samples(plan);
    for (int i = 0; i < 200; ++i)
        REQUIRE(samples.add("d", i, std::vector{i % 10 * 1.0, i % 7 * 1.0}, i % 10 > 5 ? 1 : 0));
    const auto rows = samples.rows();
    REQUIRE(rows);
    const auto out = pipeline::train(plan, rows.value());
    REQUIRE(out);
    CHECK(std::get<ml::LabelScores>(out.value().report.test).roc_auc == Approx(1));
    CHECK_THAT(pipeline::report_json(out.value().report),
               Contains(R"("test":{"f1":1,)") && !Contains("residuals"));
}

TEST_CASE("the PHM score is told of remaining life alone", "[pipeline]") {
    const bool is_life = GENERATE(false, true);
    const auto plan = plan_of(
        "name: pump\ndevice: d\ntime: t\nsignals: [age]\nfolds: {count: 2}\nalgorithm: linear\n"
        "target: {" +
        std::string(is_life ? "end: failed, unit: 1s" : "column: failed") + "}\n");
    pipeline::Samples samples(plan);
    for (int i = 0; i < 100; ++i) {
        const std::vector signals{static_cast<double>(i % 10)};
        REQUIRE(samples.add("d1", i * 1000, signals, i % 10 == 9 ? 1.0 : 0.0));
    }
    const auto rows = samples.rows();
    REQUIRE(rows);
    const auto out = pipeline::train(plan, rows.value());
    REQUIRE(out);
    const auto has_phm = [](const std::string& text) {
        return text.find("PHM") != std::string::npos || text.find("phm") != std::string::npos;
    };
    CHECK(has_phm(pipeline::report_text(out.value().report)) == is_life);
    const std::string json = pipeline::report_json(out.value().report);
    CHECK(has_phm(json) == is_life);
    CHECK_THAT(json, Contains(R"("r2":)"));
    CHECK(std::ranges::any_of(out.value().model.figures, [&](const ml::Figure& each) {
              return has_phm(each.name);
          }) == is_life);
}

TEST_CASE("a training is cancelled between fits", "[pipeline]") {
    const auto plan = plan_of(kBegin + "algorithm: boosted_trees\n");
    std::stop_source stop;
    double reached = 0;
    ml::RunControl control{stop.get_token(), [&](double part) {
                               CHECK(part >= reached);
                               reached = part;
                               if (part > 0.5) stop.request_stop();
                           }};
    const auto out = pipeline::train(plan, rows_of(plan), control);
    REQUIRE(!out);
    CHECK(out.error() == fail(Errc::closed, "the training was cancelled"));
    CHECK(reached < 1);
}

TEST_CASE("rows that do not make the split are refused", "[pipeline]") {
    const auto plan = plan_of(kBegin + "algorithm: linear\ntest: {by: device}\n");
    pipeline::Samples samples(plan);
    for (int i = 0; i < 20; ++i) REQUIRE(samples.add("only", i, std::vector{1.0, 2.0, 3.0}, i));
    const auto rows = samples.rows();
    REQUIRE(rows);
    const auto out = pipeline::train(plan, rows.value());
    REQUIRE(!out);
    CHECK_THAT(out.error().context, Contains("1 groups cannot be split"));
}
