#include <holdfast/pipeline/training.hpp>

#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace holdfast::pipeline {
namespace {

constexpr std::size_t kImportanceMax = 15; // lines; the JSON has all
constexpr std::int64_t kUsPerMs = 1000;

struct Figures {
    std::string operator()(const ml::ValueScores& scores) const {
        std::string out =
            fmt::format("MAE {:.4g}  RMSE {:.4g}  R2 {:.4f}", scores.mae, scores.rmse, scores.r2);
        if (is_remaining_life) out += fmt::format("  PHM {:.4g}", scores.phm);
        return out;
    }
    std::string operator()(const ml::LabelScores& scores) const {
        const ml::Confusion& by = scores.confusion;
        return fmt::format(
            "F1 {:.4f}  ROC-AUC {:.4f}  PR-AUC {:.4f}  (1 said: {} right, {} wrong; "
            "0 said: {} right, {} wrong)",
            by.f1(), scores.roc_auc, scores.pr_auc, by.true_ones, by.false_ones, by.true_zeros,
            by.false_zeros);
    }
    bool is_remaining_life;
};

} // namespace

std::string report_text(const Report& report) {
    std::string out;
    const auto figures = [&report](const ml::Scores& scores) {
        return std::visit(Figures{report.is_remaining_life}, scores);
    };
    const auto line = [&out]<typename... T>(fmt::format_string<T...> text, T&&... values) {
        fmt::format_to(std::back_inserter(out), text, std::forward<T>(values)...);
        out += '\n';
    };
    line("{}: {}, seed {}", report.name, report.target, report.seed);
    line("{} samples of {} devices, {} to {}; {} rows without a target left out", report.samples,
         report.devices, column::format_timestamp(report.first_event_ms * kUsPerMs),
         column::format_timestamp(report.last_event_ms * kUsPerMs), report.without_target);
    line("{} rows to train on, {} to test with", report.train_rows, report.test_rows);
    for (std::size_t i = 0; i < report.candidates.size(); ++i) {
        const CandidateReport& candidate = report.candidates[i];
        line("\n{}{}", candidate.text, i == report.best ? "   <- best" : "");
        const auto& folds = candidate.evaluation.folds;
        for (std::size_t fold = 0; fold < folds.size(); ++fold)
            line("  fold {}  {}", fold + 1, figures(folds[fold].scores));
        line("  all     {}", figures(candidate.evaluation.all));
    }
    line("\ntest  {}", figures(report.test));
    if (std::holds_alternative<ml::ValueScores>(report.test))
        line(
            "target - prediction: mean {:.4g}, deviation {:.4g}; least {:.4g}, quarter {:.4g}, "
            "median {:.4g}, three quarters {:.4g}, most {:.4g}",
            report.residuals.mean, report.residuals.deviation, report.residuals.min,
            report.residuals.quarter, report.residuals.median, report.residuals.three_quarters,
            report.residuals.max);
    line("\nimportance of {} features", report.importance.size());
    const std::size_t shown = std::min(report.importance.size(), kImportanceMax);
    for (std::size_t i = 0; i < shown; ++i)
        line("  {:6.2f} %  {}", 100.0 * report.importance[i].part, report.importance[i].feature);
    return out;
}

} // namespace holdfast::pipeline
