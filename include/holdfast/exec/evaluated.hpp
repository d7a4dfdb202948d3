#pragma once

#include <holdfast/exec/operator.hpp>
#include <holdfast/sql/expression.hpp>

#include <limits>
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

// Evaluates batch after batch. Text that expressions make is the query's memory, too: 2048 rows of
// 64 KiB are twice what a query may use.
class BatchEvaluation {
public:
    explicit BatchEvaluation(Context& context)
        : context_(context), held_(context, "text made for one batch of rows") {
        evaluation_.interrupt = &context;
    }

    // Forgets the batch before. Text may then take what the query has left.
    sql::Evaluation& begin() noexcept {
        evaluation_.arena.clear();
        evaluation_.arena.set_limit(context_.left_bytes() + held_.bytes());
        return evaluation_;
    }
    // Of the batch that was begun.
    sql::Evaluation& current() noexcept { return evaluation_; }

    // After evaluating, before results are used; any number of times per batch. What became NULL
    // goes to the query's count. limit_exceeded where text found no room; as Context::check() where
    // it was interrupted.
    [[nodiscard]] Result<void> settle() {
        context_.mismatches += evaluation_.mismatches;
        evaluation_.mismatches = 0;
        if (evaluation_.is_interrupted) {
            HF_TRY(context_.check());
        }
        const column::TextArena& arena = evaluation_.arena;
        return held_.hold(arena.is_full() ? std::numeric_limits<std::size_t>::max()
                                          : arena.bytes());
    }

private:
    Context& context_;
    HeldMemory held_;
    sql::Evaluation evaluation_;
};

} // namespace holdfast::exec
