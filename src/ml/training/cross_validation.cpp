#include <holdfast/ml/training/cross_validation.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::ml {
namespace {

Result<Scores> score(Goal goal, std::span<const double> truth, std::span<const double> predicted) {
    if (goal == Goal::label) {
        HF_TRY(const LabelScores scores, score_labels(truth, predicted));
        return Scores(scores);
    }
    HF_TRY(const ValueScores scores, score_values(truth, predicted));
    return Scores(scores);
}

std::vector<double> picked(std::span<const double> values, std::span<const std::size_t> rows) {
    std::vector<double> out;
    out.reserve(rows.size());
    for (const std::size_t row : rows) out.push_back(values[row]);
    return out;
}

// Progress of a part of the whole: from `from` on, `length` of it.
RunControl part_of(const RunControl& whole, double from, double length) {
    RunControl out{whole.stop, {}};
    if (whole.progress)
        out.progress = [&whole, from, length](double part) {
            whole.progress(from + length * part);
        };
    return out;
}

Error named(const char* what, std::size_t number, Error error) {
    error.context = fmt::format("{} {}: {}", what, number, error.context);
    return error;
}

Result<FoldReport> test_fold(const Algorithm& algorithm, const Table& x, std::span<const double> y,
                             const Fold& fold, const RunControl& control, Evaluation& out) {
    HF_TRY(const Predictor model,
           fit(algorithm, x.select(fold.train), picked(y, fold.train), control));
    const std::vector<double> predicted = predict(model, x, fold.test);
    HF_TRY(Scores scores, score(goal_of(algorithm), picked(y, fold.test), predicted));
    out.rows.insert(out.rows.end(), fold.test.begin(), fold.test.end());
    out.predicted.insert(out.predicted.end(), predicted.begin(), predicted.end());
    return FoldReport{fold.train.size(), scores};
}

} // namespace

double Evaluation::merit() const {
    if (const auto* values = std::get_if<ValueScores>(&all)) return -values->rmse;
    return std::get<LabelScores>(all).pr_auc;
}

Result<Evaluation> cross_validate(const Algorithm& algorithm, const Table& x,
                                  std::span<const double> y, std::span<const Fold> folds,
                                  const RunControl& control) {
    if (folds.empty()) return fail(Errc::malformed, "no folds to validate on");
    if (y.size() != x.rows())
        return fail(Errc::malformed, fmt::format("{} targets for {} rows", y.size(), x.rows()));
    Evaluation out;
    const double length = 1.0 / static_cast<double>(folds.size());
    for (std::size_t i = 0; i < folds.size(); ++i) {
        const RunControl part = part_of(control, static_cast<double>(i) * length, length);
        auto report = test_fold(algorithm, x, y, folds[i], part, out);
        if (!report) return named("fold", i, std::move(report).error());
        out.folds.push_back(std::move(report).value());
    }
    HF_TRY(out.all, score(goal_of(algorithm), picked(y, out.rows), out.predicted));
    return out;
}

Result<GridReport> search_grid(std::span<const Algorithm> candidates, const Table& x,
                               std::span<const double> y, std::span<const Fold> folds,
                               const RunControl& control) {
    if (candidates.empty()) return fail(Errc::malformed, "a grid without candidates");
    GridReport out;
    const double length = 1.0 / static_cast<double>(candidates.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (goal_of(candidates[i]) != goal_of(candidates[0]))
            return fail(Errc::malformed,
                        fmt::format("candidate {} of a grid has another goal than the first", i));
        const RunControl part = part_of(control, static_cast<double>(i) * length, length);
        auto evaluation = cross_validate(candidates[i], x, y, folds, part);
        if (!evaluation) return named("candidate", i, std::move(evaluation).error());
        out.evaluations.push_back(std::move(evaluation).value());
        if (out.evaluations[i].merit() > out.evaluations[out.best].merit()) out.best = i;
    }
    return out;
}

} // namespace holdfast::ml
