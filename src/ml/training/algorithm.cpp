#include <holdfast/ml/training/algorithm.hpp>

namespace holdfast::ml {
namespace {

template <typename T>
Result<Predictor> predictor(Result<T> model) {
    if (!model) return std::move(model).error();
    return Predictor(std::move(model).value());
}

struct Fit {
    const Table& x;
    std::span<const double> y;
    const RunControl& control;

    // Their one step is too short to be cut.
    Result<Predictor> operator()(const LinearSettings& settings) const {
        HF_TRY(control.step(0.0));
        return predictor(LinearRegression::fit(x, y, settings));
    }
    Result<Predictor> operator()(const LogisticSettings& settings) const {
        HF_TRY(control.step(0.0));
        return predictor(LogisticRegression::fit(x, y, settings));
    }
    Result<Predictor> operator()(const DecisionTreeSettings& settings) const {
        return predictor(fit_decision_tree(x, y, settings, control));
    }
    Result<Predictor> operator()(const RandomForestSettings& settings) const {
        return predictor(fit_random_forest(x, y, settings, control));
    }
    Result<Predictor> operator()(const BoostedTreesSettings& settings) const {
        return predictor(fit_boosted_trees(x, y, settings, control));
    }
};

struct GoalOf {
    Goal operator()(const LinearSettings&) const { return Goal::value; }
    Goal operator()(const LogisticSettings&) const { return Goal::label; }
    Goal operator()(const auto& settings) const { return settings.goal; }
};

} // namespace

Goal goal_of(const Algorithm& algorithm) {
    return std::visit(GoalOf{}, algorithm);
}

Result<Predictor> fit(const Algorithm& algorithm, const Table& x, std::span<const double> y,
                      const RunControl& control) {
    return std::visit(Fit{x, y, control}, algorithm);
}

double predict(const Predictor& predictor, std::span<const double> sample) {
    return std::visit([sample](const auto& model) { return model.predict(sample); }, predictor);
}

std::vector<double> predict(const Predictor& predictor, const Table& x,
                            std::span<const std::size_t> rows) {
    std::vector<double> out;
    out.reserve(rows.size());
    std::vector<double> sample(x.columns());
    for (const std::size_t row : rows) {
        x.copy_row(row, sample);
        out.push_back(predict(predictor, sample));
    }
    return out;
}

} // namespace holdfast::ml
