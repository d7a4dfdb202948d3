#include "pipeline/evaluation.hpp"

#include <holdfast/ml/training/splits.hpp>

#include <fmt/format.h>

namespace holdfast::pipeline {
namespace {

template <typename T>
std::vector<T> picked(const std::vector<T>& values, std::span<const std::size_t> rows) {
    std::vector<T> out;
    out.reserve(rows.size());
    for (const std::size_t row : rows) out.push_back(values[row]);
    return out;
}

Result<ml::FoldReport> test_fold(const Plan& plan, const ml::Algorithm& algorithm,
                                 const TrainingRows& rows, const ml::Fold& fold,
                                 const ml::RunControl& control, ml::Evaluation& out) {
    HF_TRY(const Learner learner,
           Learner::fit(plan, algorithm, rows.x, rows.y, fold.train, control));
    const std::vector<double> predicted = learner.predict(rows.x, fold.test);
    HF_TRY(ml::Scores scores, score(plan.file.is_label, picked(rows.y, fold.test), predicted));
    out.rows.insert(out.rows.end(), fold.test.begin(), fold.test.end());
    out.predicted.insert(out.predicted.end(), predicted.begin(), predicted.end());
    return ml::FoldReport{fold.train.size(), scores};
}

} // namespace

Result<ml::Fold> split_test(const Plan& plan, const TrainingRows& rows) {
    const config::PipelineFile& file = plan.file;
    if (file.test_by == config::PipelineSplit::device)
        return ml::split_by_group(rows.groups, file.test_part, file.seed);
    return ml::split_by_time(rows.times, file.test_part);
}

Result<std::vector<ml::Fold>> make_folds(const Plan& plan, const TrainingRows& rows,
                                         std::span<const std::size_t> of) {
    const config::PipelineFile& file = plan.file;
    const std::vector<std::int64_t> times = picked(rows.times, of);
    const std::vector<std::size_t> groups = picked(rows.groups, of);
    auto folds = [&]() -> Result<std::vector<ml::Fold>> {
        switch (file.folds_by) {
            case config::PipelineSplit::time: return ml::time_folds(times, file.folds);
            case config::PipelineSplit::device:
                return ml::group_folds(groups, file.folds, file.seed);
            case config::PipelineSplit::both:
                return ml::group_time_folds(groups, times, file.folds, file.seed);
            case config::PipelineSplit::row: break;
        }
        return ml::row_folds(of.size(), file.folds, file.seed);
    }();
    if (!folds) return folds;
    for (ml::Fold& fold : folds.value()) {
        for (std::size_t& row : fold.train) row = of[row];
        for (std::size_t& row : fold.test) row = of[row];
    }
    return folds;
}

Result<ml::Scores> score(bool is_label, std::span<const double> truth,
                         std::span<const double> predicted) {
    if (is_label) {
        HF_TRY(const ml::LabelScores scores, ml::score_labels(truth, predicted));
        return ml::Scores(scores);
    }
    HF_TRY(const ml::ValueScores scores, ml::score_values(truth, predicted));
    return ml::Scores(scores);
}

Result<ml::Evaluation> evaluate(const Plan& plan, const ml::Algorithm& algorithm,
                                const TrainingRows& rows, std::span<const ml::Fold> folds,
                                const ml::RunControl& control) {
    ml::Evaluation out;
    const double length = 1.0 / static_cast<double>(folds.size());
    for (std::size_t i = 0; i < folds.size(); ++i) {
        const ml::RunControl part = part_of(control, static_cast<double>(i) * length, length);
        auto report = test_fold(plan, algorithm, rows, folds[i], part, out);
        if (!report) return in(fmt::format("fold {}", i + 1), std::move(report).error());
        out.folds.push_back(std::move(report).value());
    }
    HF_TRY(out.all, score(plan.file.is_label, picked(rows.y, out.rows), out.predicted));
    return out;
}

Error in(std::string_view where, Error error) {
    if (error.code != Errc::closed) error.context = fmt::format("{}: {}", where, error.context);
    return error;
}

ml::RunControl part_of(const ml::RunControl& whole, double from, double length) {
    ml::RunControl out{whole.stop, {}};
    if (whole.progress)
        out.progress = [&whole, from, length](double part) {
            whole.progress(from + length * part);
        };
    return out;
}

} // namespace holdfast::pipeline
