// Goal: a model that was written and read predicts, sample by sample, what its training predicted,
// bit for bit. Method: the test rows' scores made again from the stream.
#include "pipeline/plan_of.hpp"

#include <holdfast/ml/training/random.hpp>
#include <holdfast/pipeline/applied_model.hpp>
#include <holdfast/pipeline/training.hpp>

#include <cmath>
#include <map>

using namespace holdfast;
using test::plan_of;

namespace {

constexpr int kRows = 400;
constexpr std::size_t kDevices = 3;

struct Sample {
    std::size_t device = 0;
    std::int64_t time = 0;
    std::vector<double> signals;
    double target = 0.0;
};

std::vector<Sample> samples() {
    ml::Random random(3);
    std::vector<Sample> out;
    for (int i = 0; i < kRows; ++i) {
        Sample sample{static_cast<std::size_t>(i) % kDevices, i * 1000, {}, 0};
        const double v = random.uniform();
        const double w = i % 11 == 0 ? std::nan("") : random.uniform() * 2 - 0.5;
        sample.signals = {v, w};
        sample.target = v + 0.1 * random.uniform();
        out.push_back(sample);
    }
    return out;
}

const std::string kPipeline =
    "name: m\ndevice: d\ntime: t\nsignals: [v, w]\ntarget: {column: y}\n"
    "features: [{kind: value}, {kind: mean, samples: [3, 9]}, {kind: slope, samples: 5}]\n"
    "select: {target_correlation: 0.05}\nfolds: {count: 2}\n";

ml::TrainedModel read_again(const ml::TrainedModel& model) {
    auto out = ml::decode_model(ml::encode_model(model));
    REQUIRE(out);
    return std::move(out).value();
}

} // namespace

TEST_CASE("a model predicts live what it did in its training, bit for bit", "[pipeline]") {
    const std::string algorithm = GENERATE(
        "linear\n", "random_forest\nsettings: {trees: 5}\n",
        "linear\ncleanse: {step: 7s, limits: {w: [0, 1]}, outside: clip, missing: last}\n");
    const auto plan = plan_of(kPipeline + "algorithm: " + algorithm);
    pipeline::Samples gathered(plan);
    for (const Sample& each : samples())
        REQUIRE(gathered.add(std::string(1, static_cast<char>('a' + each.device)), each.time,
                             each.signals, each.target));
    const auto rows = gathered.rows();
    REQUIRE(rows);
    const auto trained = pipeline::train(plan, rows.value());
    REQUIRE(trained);
    const auto applied = pipeline::AppliedModel::make(read_again(trained.value().model));
    REQUIRE(applied);

    std::map<std::pair<std::size_t, std::int64_t>, double> said;
    std::vector<pipeline::DeviceModel> devices(kDevices, pipeline::DeviceModel(applied.value()));
    for (const Sample& each : samples())
        if (const auto out = devices[each.device].update(each.time, each.signals))
            said[{each.device, out->event_ms}] = out->value;
    std::vector<double> truth;
    std::vector<double> predicted;
    const pipeline::TrainingRows& of = rows.value();
    for (std::size_t row = trained.value().report.train_rows; row < of.y.size(); ++row) {
        truth.push_back(of.y[row]);
        predicted.push_back(said.at({of.groups[row], of.times[row]}));
    }
    const auto again = ml::score_values(truth, predicted);
    REQUIRE(again);
    const auto& test = std::get<ml::ValueScores>(trained.value().report.test);
    CHECK(test.rmse > 0);
    CHECK(again.value().rmse == test.rmse);
    CHECK(again.value().mae == test.mae);
}

TEST_CASE("a model whose parts do not belong together is refused by name", "[pipeline]") {
    const auto plan = plan_of(kPipeline + "algorithm: linear\n");
    pipeline::Samples gathered(plan);
    for (const Sample& each : samples())
        REQUIRE(gathered.add("a", each.time, each.signals, each.target));
    const auto trained = pipeline::train(plan, gathered.rows().value());
    REQUIRE(trained);
    auto model = trained.value().model;
    model.signals = {"v", "x"};
    auto made = pipeline::AppliedModel::make(model);
    REQUIRE(!made);
    CHECK(made.error().context == "model 'm': its pipeline names other signals");
    model.pipeline = "name: m\n";
    made = pipeline::AppliedModel::make(model);
    REQUIRE(!made);
    CHECK_THAT(made.error().context, Catch::StartsWith("model 'm': pipeline:1: "));
}
