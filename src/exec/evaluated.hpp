#pragma once

#include <holdfast/exec/operator.hpp>
#include <holdfast/sql/expression.hpp>

#include <vector>

namespace holdfast::exec {

// The value of an expression over a batch: borrowed where it is a column of it, else made.
class Evaluated {
public:
    Evaluated(const sql::Expression& expression, const column::Frame& frame,
              sql::Evaluation& evaluation) {
        if (expression.kind == sql::ExpressionKind::slot) {
            borrowed_ = frame.columns[expression.slot];
        } else {
            made_ = sql::evaluate(expression, frame, evaluation);
        }
    }
    [[nodiscard]] const column::Column& get() const noexcept {
        return borrowed_ != nullptr ? *borrowed_ : made_;
    }

private:
    const column::Column* borrowed_ = nullptr;
    column::Column made_;
};

[[nodiscard]] inline std::vector<Evaluated> evaluate_all(
    const std::vector<sql::ExpressionPtr>& expressions, const column::Frame& frame,
    sql::Evaluation& evaluation) {
    std::vector<Evaluated> out;
    out.reserve(expressions.size());
    for (const auto& each : expressions) out.emplace_back(*each, frame, evaluation);
    return out;
}

// What became NULL goes to the query's count.
inline void count_mismatches(sql::Evaluation& evaluation, Context& context) noexcept {
    context.mismatches += evaluation.mismatches;
    evaluation.mismatches = 0;
}

} // namespace holdfast::exec
