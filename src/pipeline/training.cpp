#include <holdfast/pipeline/training.hpp>

#include "pipeline/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace holdfast::pipeline {
namespace {

Residuals residuals_of(std::span<const double> truth, std::span<const double> predicted) {
    std::vector<double> sorted;
    for (std::size_t i = 0; i < truth.size(); ++i) sorted.push_back(truth[i] - predicted[i]);
    std::ranges::sort(sorted);
    const auto count = static_cast<double>(sorted.size());
    Residuals out;
    for (const double each : sorted) out.mean += each / count;
    for (const double each : sorted) out.deviation += (each - out.mean) * (each - out.mean) / count;
    out.deviation = std::sqrt(out.deviation);
    const auto at = [&](std::size_t quarters) {
        return sorted[(sorted.size() - 1) * quarters / 4];
    };
    out.min = at(0);
    out.quarter = at(1);
    out.median = at(2);
    out.three_quarters = at(3);
    out.max = at(4);
    return out;
}

std::vector<Importance> importance_of(const Plan& plan, const Learner& learner) {
    const std::vector<double> parts = learner.importance();
    std::vector<std::size_t> order(parts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return parts[a] != parts[b] ? parts[a] > parts[b] : a < b;
    });
    std::vector<Importance> out;
    for (const std::size_t at : order)
        out.push_back({plan.feature_names[learner.columns[at]], parts[at]});
    return out;
}

void add_figures(std::vector<ml::Figure>& out, const std::string& of, const ml::Scores& scores,
                 bool is_remaining_life) {
    if (const auto* values = std::get_if<ml::ValueScores>(&scores)) {
        out.push_back({of + " mae", values->mae});
        out.push_back({of + " rmse", values->rmse});
        out.push_back({of + " r2", values->r2});
        if (is_remaining_life) out.push_back({of + " phm", values->phm});
        return;
    }
    const auto& labels = std::get<ml::LabelScores>(scores);
    out.push_back({of + " f1", labels.confusion.f1()});
    out.push_back({of + " roc_auc", labels.roc_auc});
    out.push_back({of + " pr_auc", labels.pr_auc});
}

ml::TrainedModel model_of(const Plan& plan, const Report& report, Learner learner) {
    std::vector<ml::FeatureSpec> features;
    for (const std::size_t column : learner.columns) features.push_back(plan.features[column]);
    std::vector<ml::Figure> figures;
    add_figures(figures, "test", report.test, report.is_remaining_life);
    add_figures(figures, "folds", report.candidates[report.best].evaluation.all,
                report.is_remaining_life);
    return {plan.file.name,
            plan.file.text,
            {},
            report.first_event_ms,
            report.last_event_ms,
            report.seed,
            plan.file.signals,
            std::move(features),
            std::move(figures),
            std::move(learner.preparation),
            std::visit([](auto&& fitted) { return ml::FittedModel(std::move(fitted)); },
                       std::move(learner.predictor))};
}

Result<void> search(const Plan& plan, const TrainingRows& rows, std::span<const ml::Fold> folds,
                    const ml::RunControl& control, Report& out) {
    const double length = 1.0 / static_cast<double>(plan.candidates.size());
    for (std::size_t i = 0; i < plan.candidates.size(); ++i) {
        const Candidate& candidate = plan.candidates[i];
        const ml::RunControl part = part_of(control, static_cast<double>(i) * length, length);
        auto evaluation = evaluate(plan, candidate.algorithm, rows, folds, part);
        if (!evaluation) return in(candidate.text, std::move(evaluation).error());
        evaluation.value().rows = {}; // 16 bytes a row, of each of so many candidates
        evaluation.value().predicted = {};
        out.candidates.push_back({candidate.text, std::move(evaluation).value()});
        if (out.candidates[i].evaluation.merit() > out.candidates[out.best].evaluation.merit())
            out.best = i;
    }
    return ok();
}

Report begun(const Plan& plan, const TrainingRows& rows, const ml::Fold& split) {
    Report out;
    out.name = plan.file.name;
    out.is_remaining_life = plan.file.target.empty();
    out.target = out.is_remaining_life ? "remaining life to " + plan.file.end : plan.file.target;
    out.seed = plan.file.seed;
    out.samples = rows.samples;
    out.without_target = rows.without_target;
    out.devices = rows.devices.size();
    out.train_rows = split.train.size();
    out.test_rows = split.test.size();
    out.first_event_ms = rows.times.front();
    out.last_event_ms = rows.times.back();
    return out;
}

} // namespace

Result<Trained> train(const Plan& plan, const TrainingRows& rows, const ml::RunControl& control) {
    HF_TRY(const ml::Fold split, split_test(plan, rows));
    HF_TRY(const std::vector<ml::Fold> folds, make_folds(plan, rows, split.train));
    Report report = begun(plan, rows, split);
    const auto fits = static_cast<double>(plan.candidates.size() * folds.size() + 1);
    const double searched = 1.0 - 1.0 / fits;
    HF_TRY(search(plan, rows, folds, part_of(control, 0.0, searched), report));
    HF_TRY(Learner learner,
           Learner::fit(plan, plan.candidates[report.best].algorithm, rows.x, rows.y, split.train,
                        part_of(control, searched, 1.0 - searched)));
    std::vector<double> truth;
    for (const std::size_t row : split.test) truth.push_back(rows.y[row]);
    const std::vector<double> predicted = learner.predict(rows.x, split.test);
    auto scores = score(plan.file.is_label, truth, predicted);
    if (!scores) return in("the test", std::move(scores).error());
    report.test = scores.value();
    if (!plan.file.is_label) report.residuals = residuals_of(truth, predicted);
    report.importance = importance_of(plan, learner);
    HF_TRY(control.step(1.0));
    ml::TrainedModel model = model_of(plan, report, std::move(learner));
    return Trained{std::move(report), std::move(model)};
}

} // namespace holdfast::pipeline
