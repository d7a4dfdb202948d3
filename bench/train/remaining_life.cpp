#include "columns.hpp"
#include "parts.hpp"

#include <holdfast/ml/features/feature_stream.hpp>
#include <holdfast/ml/training/boosted_trees.hpp>
#include <holdfast/ml/training/linear_regression.hpp>
#include <holdfast/ml/training/metrics.hpp>
#include <holdfast/ml/training/preparation.hpp>
#include <holdfast/ml/training/random_forest.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace holdfast::bench {
namespace {

constexpr double kCap = 125.0; // cycles: before, an engine shows nothing of its end
constexpr std::size_t kFirstSignal = 2;
constexpr std::size_t kSignals = 24; // 3 settings and 21 sensors
constexpr std::uint32_t kWindow = 30;
constexpr std::uint64_t kSeed = 1;

// One row for each cycle of each engine, in the file's order.
struct Engines {
    std::vector<std::size_t> units;
    std::vector<std::int64_t> cycles;
    ml::Table signals;
};

Result<Engines> read_engines(const std::filesystem::path& file) {
    HF_TRY(const auto lines, read_cells(file, ' '));
    Engines out;
    out.signals = ml::Table(lines.size(), kSignals);
    for (std::size_t row = 0; row < lines.size(); ++row) {
        if (lines[row].size() != kFirstSignal + kSignals)
            return fail(Errc::malformed, fmt::format("{}:{}: not {} numbers", file.string(),
                                                     row + 1, kFirstSignal + kSignals));
        std::vector<double> cells;
        for (const std::string& cell : lines[row]) {
            HF_TRY(cells.emplace_back(), number(cell));
        }
        out.units.push_back(static_cast<std::size_t>(cells[0]));
        out.cycles.push_back(static_cast<std::int64_t>(cells[1]));
        for (std::size_t i = 0; i < kSignals; ++i) out.signals(row, i) = cells[kFirstSignal + i];
    }
    return out;
}

// Sensors that never move in training say nothing.
std::vector<std::uint32_t> moving_signals(const ml::Table& signals) {
    std::vector<std::uint32_t> out;
    for (std::uint32_t i = 0; i < kSignals; ++i) {
        const auto [low, high] = std::ranges::minmax(signals.column(i));
        if (high > low) out.push_back(i);
    }
    return out;
}

std::vector<ml::FeatureSpec> window_features(const std::vector<std::uint32_t>& signals) {
    using Kind = ml::FeatureKind;
    std::vector<ml::FeatureSpec> out;
    for (const std::uint32_t signal : signals)
        for (const Kind kind : {Kind::value, Kind::mean, Kind::slope, Kind::deviation})
            out.push_back({kind, signal, kind == Kind::value ? 0 : kWindow});
    return out;
}

// The last row of each unit, in the order of units.
std::vector<std::size_t> last_rows(const Engines& engines) {
    std::map<std::size_t, std::size_t> last;
    for (std::size_t row = 0; row < engines.units.size(); ++row) last[engines.units[row]] = row;
    std::vector<std::size_t> out;
    for (const auto& [unit, row] : last) out.push_back(row);
    return out;
}

std::vector<double> cycles_left(const Engines& engines) {
    std::map<std::size_t, std::int64_t> end;
    for (std::size_t row = 0; row < engines.units.size(); ++row)
        end[engines.units[row]] = std::max(end[engines.units[row]], engines.cycles[row]);
    std::vector<double> out;
    for (std::size_t row = 0; row < engines.units.size(); ++row)
        out.push_back(
            std::min(static_cast<double>(end[engines.units[row]] - engines.cycles[row]), kCap));
    return out;
}

struct Task {
    ml::Table train;
    std::vector<double> train_left;
    ml::Table test; // last rows only
    std::vector<double> test_left;
};

Result<Task> read_task(const std::filesystem::path& data) {
    HF_TRY(const Engines train, read_engines(data / "train_FD001.txt"));
    HF_TRY(const Engines test, read_engines(data / "test_A.txt"));
    HF_TRY(const auto left, read_cells(data / "RUL_A.txt", ' '));
    const auto specs = window_features(moving_signals(train.signals));
    Task out;
    HF_TRY(out.train, ml::make_features(specs, train.signals, train.cycles, train.units));
    HF_TRY(const ml::Table all, ml::make_features(specs, test.signals, test.cycles, test.units));
    out.test = all.select(last_rows(test));
    out.train_left = cycles_left(train);
    for (const auto& cells : left) {
        HF_TRY(const double cycles, number(cells.front()));
        out.test_left.push_back(std::min(cycles, kCap));
    }
    return out;
}

template <typename Model>
Result<void> report(const char* name, const Model& model, const ml::Table& test, const Task& task) {
    std::vector<double> predicted;
    std::vector<double> sample(test.columns());
    for (std::size_t row = 0; row < test.rows(); ++row) {
        test.copy_row(row, sample);
        predicted.push_back(std::clamp(model.predict(sample), 0.0, kCap));
    }
    HF_TRY(const ml::ValueScores scores, ml::score_values(task.test_left, predicted));
    fmt::print("  {:24} RMSE {:6.2f}  MAE {:6.2f}  R2 {:5.3f}  PHM {:7.1f}\n", name, scores.rmse,
               scores.mae, scores.r2, scores.phm);
    return ok();
}

} // namespace

Result<void> remaining_life(const std::filesystem::path& data) {
    HF_TRY(const Task task, read_task(data));
    fmt::print("FD001: {} rows of {} features to train on, {} engines to test (budget RMSE 17.5)\n",
               task.train.rows(), task.train.columns(), task.test.rows());
    HF_TRY(const auto by, ml::Preparation::fit(task.train));
    HF_TRY(const auto ridge,
           ml::LinearRegression::fit(by.apply(task.train), task.train_left, {.l2 = 1.0}));
    HF_TRY(report("ridge", ridge, by.apply(task.test), task));
    ml::RandomForestSettings forest_settings;
    forest_settings.bounds.leaf_rows_min = 5;
    forest_settings.seed = kSeed;
    HF_TRY(const auto forest, ml::fit_random_forest(task.train, task.train_left, forest_settings));
    HF_TRY(report("random forest", forest, task.test, task));
    HF_TRY(const auto boosted, ml::fit_boosted_trees(task.train, task.train_left, {}));
    return report("boosted trees", boosted, task.test, task);
}

} // namespace holdfast::bench
