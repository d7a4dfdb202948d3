#include "columns.hpp"
#include "parts.hpp"

#include <holdfast/ml/features/feature_stream.hpp>
#include <holdfast/ml/training/cross_validation.hpp>

#include <fmt/format.h>

#include <numeric>

namespace holdfast::bench {
namespace {

constexpr std::size_t kFolds = 5;
constexpr std::uint64_t kSeed = 1;
// Columns of the file that are measured; the kinds of failure beside the target would tell it.
constexpr std::size_t kType = 2;
constexpr std::size_t kFirstSignal = 3;
constexpr std::size_t kSignals = 5;
constexpr std::size_t kTarget = 8;
enum Signal : std::uint32_t { air, process, speed, torque, wear, type };

struct Machines {
    ml::Table signals;
    std::vector<double> fails;
};

Result<Machines> read_machines(const std::filesystem::path& file) {
    HF_TRY(const auto lines, read_cells(file, ','));
    if (lines.size() < 2) return fail(Errc::malformed, file.string() + ": no rows");
    Machines out;
    out.signals = ml::Table(lines.size() - 1, kSignals + 1);
    for (std::size_t row = 0; row < out.signals.rows(); ++row) {
        const std::vector<std::string>& cells = lines[row + 1];
        if (cells.size() <= kTarget)
            return fail(Errc::malformed,
                        fmt::format("{}:{}: too few cells", file.string(), row + 2));
        for (std::size_t i = 0; i < kSignals; ++i) {
            HF_TRY(out.signals(row, i), number(cells[kFirstSignal + i]));
        }
        out.signals(row, type) = cells[kType] == "L" ? 0.0 : cells[kType] == "M" ? 1.0 : 2.0;
        HF_TRY(out.fails.emplace_back(), number(cells[kTarget]));
    }
    return out;
}

std::vector<ml::FeatureSpec> features(bool has_products) {
    using Kind = ml::FeatureKind;
    std::vector<ml::FeatureSpec> out;
    for (const std::uint32_t signal : {air, process, speed, torque, wear, type})
        out.push_back({Kind::value, signal});
    if (!has_products) return out;
    out.push_back({Kind::ratio, process, 0, air});
    out.push_back({Kind::product, torque, 0, speed}); // power
    out.push_back({Kind::product, wear, 0, torque});  // strain
    return out;
}

// Each row is scored by the model that did not see it.
Result<void> report(const char* name, const ml::Table& x, std::span<const double> fails,
                    const ml::Algorithm& algorithm) {
    HF_TRY(const auto folds, ml::row_folds(x.rows(), kFolds, kSeed));
    HF_TRY(const ml::Evaluation found, ml::cross_validate(algorithm, x, fails, folds));
    double by_fold = 0.0;
    for (const ml::FoldReport& fold : found.folds)
        by_fold += std::get<ml::LabelScores>(fold.scores).pr_auc / static_cast<double>(kFolds);
    const auto& all = std::get<ml::LabelScores>(found.all);
    fmt::print("  {:24} PR-AUC {:5.3f} (mean of folds {:5.3f})  ROC-AUC {:5.3f}  F1 {:5.3f}\n",
               name, all.pr_auc, by_fold, all.roc_auc, all.confusion.f1());
    return ok();
}

} // namespace

Result<void> failures(const std::filesystem::path& data) {
    HF_TRY(const Machines machines, read_machines(data / "ai4i_A.csv"));
    const std::size_t rows = machines.signals.rows();
    std::vector<std::int64_t> times(rows);
    std::iota(times.begin(), times.end(), std::int64_t{0});
    const std::vector<std::size_t> one_machine(rows, 0);
    for (const bool has_products : {false, true}) {
        HF_TRY(const ml::Table x,
               ml::make_features(features(has_products), machines.signals, times, one_machine));
        fmt::print("AI4I: {} rows of {} features, {} folds (budget PR-AUC 0.70)\n", rows,
                   x.columns(), kFolds);
        HF_TRY(report("logistic regression", x, machines.fails, ml::LogisticSettings{}));
        ml::RandomForestSettings forest;
        forest.goal = ml::Goal::label;
        forest.seed = kSeed;
        HF_TRY(report("random forest", x, machines.fails, forest));
        ml::BoostedTreesSettings boosted;
        boosted.goal = ml::Goal::label;
        HF_TRY(report("boosted trees", x, machines.fails, boosted));
    }
    return ok();
}

} // namespace holdfast::bench
