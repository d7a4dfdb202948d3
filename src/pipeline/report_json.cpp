#include <holdfast/pipeline/training.hpp>

#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

#include <cmath>
#include <string_view>

namespace holdfast::pipeline {
namespace {

std::string text(std::string_view value) {
    std::string out;
    column::append_json_string(out, value);
    return out;
}

// What is not finite is null, since JSON has no word for it.
std::string number(double value) {
    return std::isfinite(value) ? fmt::format("{}", value) : "null";
}

struct Figures {
    std::string operator()(const ml::ValueScores& scores) const {
        std::string out = fmt::format(R"({{"mae":{},"rmse":{},"r2":{})", number(scores.mae),
                                      number(scores.rmse), number(scores.r2));
        if (is_remaining_life) out += fmt::format(R"(,"phm":{})", number(scores.phm));
        return out + '}';
    }
    std::string operator()(const ml::LabelScores& scores) const {
        const ml::Confusion& by = scores.confusion;
        return fmt::format(R"({{"f1":{},"precision":{},"recall":{},"roc_auc":{},"pr_auc":{},)"
                           R"("true_ones":{},"false_ones":{},"true_zeros":{},"false_zeros":{}}})",
                           number(by.f1()), number(by.precision()), number(by.recall()),
                           number(scores.roc_auc), number(scores.pr_auc), by.true_ones,
                           by.false_ones, by.true_zeros, by.false_zeros);
    }
    bool is_remaining_life;
};

std::string candidate_json(const CandidateReport& candidate, const Figures& figures) {
    std::string folds;
    for (const ml::FoldReport& fold : candidate.evaluation.folds)
        folds += fmt::format(R"({}{{"train_rows":{},"figures":{}}})", folds.empty() ? "" : ",",
                             fold.train_rows, std::visit(figures, fold.scores));
    return fmt::format(R"({{"settings":{},"folds":[{}],"figures":{}}})", text(candidate.text),
                       folds, std::visit(figures, candidate.evaluation.all));
}

std::string residuals_json(const Residuals& of) {
    return fmt::format(R"({{"mean":{},"deviation":{},"min":{},"quarter":{},"median":{},)"
                       R"("three_quarters":{},"max":{}}})",
                       number(of.mean), number(of.deviation), number(of.min), number(of.quarter),
                       number(of.median), number(of.three_quarters), number(of.max));
}

} // namespace

std::string report_json(const Report& report) {
    const Figures figures{report.is_remaining_life};
    std::string candidates;
    for (const CandidateReport& candidate : report.candidates)
        candidates += (candidates.empty() ? "" : ",") + candidate_json(candidate, figures);
    std::string importance;
    for (const Importance& each : report.importance)
        importance += fmt::format(R"({}{{"feature":{},"part":{}}})", importance.empty() ? "" : ",",
                                  text(each.feature), number(each.part));
    std::string out = fmt::format(
        R"({{"name":{},"target":{},"seed":{},"samples":{},"without_target":{},"devices":{},)"
        R"("train_rows":{},"test_rows":{},"first_event_ms":{},"last_event_ms":{},)",
        text(report.name), text(report.target), report.seed, report.samples, report.without_target,
        report.devices, report.train_rows, report.test_rows, report.first_event_ms,
        report.last_event_ms);
    out += fmt::format(R"("candidates":[{}],"best":{},"test":{},)", candidates, report.best,
                       std::visit(figures, report.test));
    if (std::holds_alternative<ml::ValueScores>(report.test))
        out += fmt::format(R"("residuals":{},)", residuals_json(report.residuals));
    return out + fmt::format(R"("importance":[{}]}})", importance);
}

} // namespace holdfast::pipeline
