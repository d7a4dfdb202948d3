// Goal: a model says of stored samples what its back-test says of them, as a series and as counts
// by threshold. Method: the same samples told to a history and written as CSV.
#include "history/store_fixture.hpp"

#include <holdfast/models/backtest.hpp>
#include <holdfast/models/series.hpp>
#include <holdfast/models/threshold_counts.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <random>
#include <sstream>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr int kSteps = 1'500;
constexpr const char* kModel =
    "name: m\nkind: ewma_chart\nsource: cars\nfields: [a, b.c]\n"
    "options: {warmup_samples: 100, limit: 1}\n";

Result<void> go_on() {
    return ok();
}

models::ModelSpec spec_of(const char* text) {
    auto spec = models::parse_model(text, "m");
    REQUIRE(spec.has_value());
    return std::move(spec).value();
}

struct Row {
    double a = 0.0;
    std::optional<double> b;
};

// Two signals; from time to time both run away, `size` deviations far.
std::vector<Row> rows(std::uint64_t seed = 3) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> noise;
    std::vector<Row> out;
    for (int step = 0; step < kSteps; ++step) {
        const int event = step / 300;
        const double off = step % 300 >= 250 ? 2.0 * event : 0.0;
        Row row{10.0 + noise(random) + off, 5.0 + noise(random) - off};
        if (step % 13 == 0) row.b.reset();
        out.push_back(row);
    }
    return out;
}

void tell(StoreFixture& history, const std::string& device, const std::vector<Row>& all) {
    for (int i = 0; i < kSteps; ++i) {
        const Row& row = all[static_cast<std::size_t>(i)];
        if (row.b)
            history.tell(device, second(i), {with("a", row.a), with("b.c", *row.b)});
        else
            history.tell(device, second(i), {with("a", row.a)});
        if (i % 100 == 0) history.tell(device, second(i), {with("other", 1)});
    }
}

struct Backtested {
    std::vector<double> scores;
    std::uint64_t raised = 0;
};

Backtested backtested(const models::ModelSpec& spec, const std::vector<Row>& all) {
    std::string csv = "ts,a,b.c\n";
    for (int i = 0; i < kSteps; ++i) {
        const Row& row = all[static_cast<std::size_t>(i)];
        csv += fmt::format("{},{},{}\n", second(i) / 1000, row.a,
                           row.b ? fmt::format("{}", *row.b) : "");
    }
    std::istringstream in(csv);
    std::stringstream out;
    models::BacktestOptions options;
    options.device = "d";
    const auto result = models::backtest(spec, options, in, out);
    REQUIRE(result.has_value());
    Backtested said;
    said.raised = result.value().alarms_raised;
    std::string line;
    std::getline(out, line);
    while (std::getline(out, line)) {
        std::istringstream cells(line);
        for (int i = 0; i < 4; ++i) std::getline(cells, line, ',');
        said.scores.push_back(std::stod(line));
    }
    return said;
}

} // namespace

TEST_CASE("a series has, bit for bit, the scores of the back-test", "[models][replay]") {
    StoreFixture history;
    const auto all = rows();
    tell(history, "d", all);
    const auto spec = spec_of(kModel);
    const auto expected = backtested(spec, all).scores;
    models::SeriesRequest request;
    request.device = "d";
    request.points = 100'000;
    const auto series =
        models::explain_series(spec, *history.store, history.from.stream, request, go_on);
    REQUIRE(series.has_value());
    REQUIRE(series.value().size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        REQUIRE(series.value()[i].score == expected[i]);
        REQUIRE(series.value()[i].event_ms == second(static_cast<int>(i)) / 1000);
    }
    const models::Explained& last = series.value().back(); // of a time when both are off
    CHECK(last.is_alarmed);
    REQUIRE(last.why.signals.size() == 2);
    CHECK(last.why.signals[0].share + last.why.signals[1].share == Approx(1.0));
    CHECK(last.values[0] > last.why.signals[0].expected_high);
    CHECK(last.values[1] < last.why.signals[1].expected_low);
}

TEST_CASE("a thinned series keeps the largest score, and its order", "[models][replay]") {
    StoreFixture history;
    tell(history, "d", rows());
    const auto spec = spec_of(kModel);
    models::SeriesRequest request;
    request.device = "d";
    request.points = 20;
    const auto thin =
        models::explain_series(spec, *history.store, history.from.stream, request, go_on);
    request.points = 100'000;
    const auto whole =
        models::explain_series(spec, *history.store, history.from.stream, request, go_on);
    REQUIRE(thin.has_value());
    REQUIRE(whole.has_value());
    CHECK(thin.value().size() <= 20);
    CHECK(thin.value().size() > 10);
    const auto by_score = [](const auto& a, const auto& b) { return a.score < b.score; };
    CHECK(std::ranges::max_element(thin.value(), by_score)->score ==
          std::ranges::max_element(whole.value(), by_score)->score);
    CHECK(std::ranges::is_sorted(thin.value(), {}, &models::Explained::event_ms));

    request.from_us = second(1'000); // what was learnt before counts
    const auto late =
        models::explain_series(spec, *history.store, history.from.stream, request, go_on);
    REQUIRE(late.value().size() == kSteps - 1'000);
    CHECK(late.value().back().score == whole.value().back().score);
}

TEST_CASE("a series ends when it is told to, and knows no stranger", "[models][replay]") {
    StoreFixture history;
    tell(history, "d", rows());
    const auto spec = spec_of(kModel);
    models::SeriesRequest request;
    request.device = "d";
    const auto stopped =
        models::explain_series(spec, *history.store, history.from.stream, request,
                               [] { return Result<void>(fail(Errc::closed, "gone")); });
    CHECK(stopped.error().code == Errc::closed);
    request.device = "e";
    CHECK(models::explain_series(spec, *history.store, history.from.stream, request, go_on)
              .error()
              .code == Errc::not_found);
}

TEST_CASE("thresholds count the alarms that a back-test with each of them raises",
          "[models][replay]") {
    StoreFixture history;
    const auto all = rows();
    tell(history, "d", all);
    tell(history, "e", rows(4));
    auto spec = spec_of(kModel);
    spec.set_threshold(0.52);
    models::ThresholdsRequest request;
    request.device = "d";
    const auto of_one =
        models::count_by_threshold(spec, *history.store, history.from.stream, request, {}, go_on);
    REQUIRE(of_one.has_value());
    CHECK(of_one.value().counts.size() == 21);
    CHECK(of_one.value().samples == kSteps);
    for (const auto& each : of_one.value().counts) {
        CAPTURE(each.threshold);
        auto trial = spec;
        trial.set_threshold(each.threshold);
        CHECK(each.alarms == backtested(trial, all).raised);
    }
    request.device.clear();
    const auto of_all =
        models::count_by_threshold(spec, *history.store, history.from.stream, request, {}, go_on);
    CHECK(of_all.value().devices == 2);
    CHECK(of_all.value().samples == 2 * kSteps);
}

TEST_CASE("labels divide the alarms of each threshold, and a rate suggests one",
          "[models][replay]") {
    StoreFixture history;
    tell(history, "d", rows());
    const auto spec = spec_of(kModel);
    const std::vector<models::LabelledSpan> labels = {
        {"d", second(1'460) / 1000, second(1'500) / 1000, true},
        {"d", second(560) / 1000, second(600) / 1000, false},
        {"elsewhere", second(560) / 1000, second(600) / 1000, true}};
    models::ThresholdsRequest request;
    const auto counted = models::count_by_threshold(spec, *history.store, history.from.stream,
                                                    request, labels, go_on);
    REQUIRE(counted.has_value());
    const auto& counts = counted.value().counts;
    const auto at = [&](double threshold) {
        return *std::ranges::find_if(counts, [threshold](const auto& each) {
            return std::abs(each.threshold - threshold) < 1e-9;
        });
    };
    CHECK(at(0.5).alarms_true == 1);
    CHECK(at(0.5).kept_true == 1);
    CHECK(at(1.0).alarms == 0);
    CHECK(at(1.0).kept_true == 0);
    CHECK(at(1.0).spared_false == 1);
    CHECK(at(0.05).spared_false == 0);
    CHECK(counted.value().labelled_true == 1); // that of a device without samples is none
    CHECK(counted.value().labelled_false == 1);
    const auto suggested = counted.value().suggested(0.0);
    REQUIRE(suggested.has_value());
    CHECK(at(*suggested).alarms == at(*suggested).alarms_true);
    CHECK(counted.value().suggested(1e9) == 0.05);
}
