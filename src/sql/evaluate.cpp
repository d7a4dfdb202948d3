#include "sql/cast.hpp"

#include <holdfast/column/json_path.hpp>
#include <holdfast/column/json_text.hpp>
#include <holdfast/sql/expression.hpp>
#include <holdfast/sql/function.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace holdfast::sql {
namespace {

using column::Column;
using column::Frame;
using column::Type;
using column::Value;
using Rows = std::vector<std::uint32_t>;

// A column that is either made here or borrowed from the frame.
class Operand {
public:
    explicit Operand(Column made) : made_(std::move(made)) {}
    explicit Operand(const Column* borrowed) : borrowed_(borrowed) {}
    [[nodiscard]] const Column& get() const noexcept { return borrowed_ ? *borrowed_ : made_; }
    [[nodiscard]] Column take() && { return borrowed_ ? *borrowed_ : std::move(made_); }

private:
    Column made_;
    const Column* borrowed_ = nullptr;
};

// Evaluates over the frame's rows `rows`, or all of them where it is null. Row i of a result
// belongs to row rows[i] of the frame.
class Evaluator {
public:
    Evaluator(const Frame& frame, Evaluation& evaluation)
        : frame_(frame), evaluation_(evaluation) {}

    Operand run(const Expression& e, const Rows* rows) {
        switch (e.kind) {
            case ExpressionKind::slot: {
                const Column* column = frame_.columns[e.slot];
                return rows != nullptr ? Operand(column->gather(*rows)) : Operand(column);
            }
            case ExpressionKind::logical_and:
            case ExpressionKind::logical_or: return Operand(logical(e, rows));
            case ExpressionKind::case_when: return Operand(case_when(e, rows));
            case ExpressionKind::arithmetic:
            case ExpressionKind::comparison: return Operand(binary(e, rows));
            case ExpressionKind::literal:
            case ExpressionKind::name: return Operand(constant(e, rows));
            default: return Operand(by_row(e, rows));
        }
    }

private:
    [[nodiscard]] std::size_t count(const Rows* rows) const noexcept {
        return rows != nullptr ? rows->size() : frame_.rows;
    }

    Column constant(const Expression& e, const Rows* rows) {
        Column out;
        const Type type = e.literal.type();
        if (type == Type::float64 || type == Type::int64) { // literals that kernels meet most
            std::int64_t* words = out.fill(type, count(rows));
            Column one;
            one.reset(1);
            one.set(0, e.literal);
            std::fill_n(words, count(rows), one.words()[0]);
            return out;
        }
        out.reset(count(rows));
        for (std::size_t i = 0; i < out.rows(); ++i) out.set(i, e.literal);
        return out;
    }

    Column binary(const Expression& e, const Rows* rows) {
        const Operand left = run(*e.args[0], rows);
        const Operand right = run(*e.args[1], rows);
        Column out;
        if (e.kind == ExpressionKind::arithmetic) {
            arithmetic(e.arithmetic, left.get(), right.get(), out, evaluation_.mismatches);
        } else {
            compare(e.comparison, left.get(), right.get(), out, evaluation_.mismatches);
        }
        return out;
    }

    // The rows behind positions `picked` of `rows`.
    static Rows behind(const Rows* rows, const Rows& picked) {
        if (rows == nullptr) return picked;
        Rows out(picked.size());
        for (std::size_t i = 0; i < picked.size(); ++i) out[i] = (*rows)[picked[i]];
        return out;
    }

    // A cell as a truth value; what is not boolean is NULL and counted.
    Value truth(const Value& value) {
        if (value.is_null() || value.type() == Type::boolean) return value;
        ++evaluation_.mismatches;
        return {};
    }

    // Kleene's AND and OR; the right side only where the left does not decide.
    Column logical(const Expression& e, const Rows* rows) {
        const bool decider = e.kind == ExpressionKind::logical_or;
        const Operand left = run(*e.args[0], rows);
        Column out;
        out.reset(count(rows));
        Rows open;
        for (std::size_t i = 0; i < out.rows(); ++i) {
            const Value value = truth(left.get().at(i));
            out.set(i, value);
            if (value.is_null() || value.is_true() != decider)
                open.push_back(static_cast<std::uint32_t>(i));
        }
        if (open.empty()) return out;
        const Rows right_rows = behind(rows, open);
        const Operand right = run(*e.args[1], &right_rows);
        for (std::size_t i = 0; i < open.size(); ++i) {
            const Value value = truth(right.get().at(i));
            const bool decides = !value.is_null() && value.is_true() == decider;
            if (decides || !out.at(open[i]).is_null()) out.set(open[i], value);
        }
        return out;
    }

    Column case_when(const Expression& e, const Rows* rows) {
        Column out;
        out.reset(count(rows));
        Rows open(out.rows());
        std::iota(open.begin(), open.end(), 0U);
        std::size_t arg = 0;
        Operand operand{Column()};
        if (e.has_operand) operand = run(*e.args[arg++], rows);
        const std::size_t end = e.args.size() - (e.has_else ? 1 : 0);
        for (; arg + 1 < end && !open.empty(); arg += 2) {
            const Rows when_rows = behind(rows, open);
            Column when = run(*e.args[arg], &when_rows).take();
            if (e.has_operand) {
                Column equal;
                compare(column::Comparison::equal, operand.get().gather(open), when, equal,
                        evaluation_.mismatches);
                when = std::move(equal);
            }
            Rows taken;
            Rows left;
            for (std::size_t i = 0; i < open.size(); ++i)
                (truth(when.at(i)).is_true() ? taken : left).push_back(open[i]);
            scatter(*e.args[arg + 1], rows, taken, out);
            open = std::move(left);
        }
        if (e.has_else) scatter(*e.args.back(), rows, open, out);
        return out;
    }
    void scatter(const Expression& e, const Rows* rows, const Rows& picked, Column& out) {
        if (picked.empty()) return;
        const Rows then_rows = behind(rows, picked);
        const Operand then = run(e, &then_rows);
        for (std::size_t i = 0; i < picked.size(); ++i) out.set(picked[i], then.get().at(i));
    }

    // Whatever has no kernel of its own: arguments as columns, the rest row by row.
    Column by_row(const Expression& e, const Rows* rows) {
        std::vector<Operand> operands;
        operands.reserve(e.args.size());
        for (const auto& arg : e.args) operands.push_back(run(*arg, rows));
        Column out;
        out.reset(count(rows));
        std::vector<Value> arguments(e.args.size());
        // once the arena is full nobody will look at the batch: nested calls end at once
        for (std::size_t i = 0; i < out.rows() && !evaluation_.arena.is_full(); ++i) {
            std::size_t bytes = 0;
            for (std::size_t arg = 0; arg < operands.size(); ++arg) {
                arguments[arg] = operands[arg].get().at(i);
                if (arguments[arg].type() == Type::text) bytes += arguments[arg].as_text().size();
            }
            if (!evaluation_.goes_on(1 + bytes / Evaluation::kBytesPerStep)) break;
            out.set(i, cell(e, arguments));
        }
        return out;
    }

    Value cell(const Expression& e, const std::vector<Value>& args) {
        switch (e.kind) {
            case ExpressionKind::negate:
                return column::arithmetic(
                    column::Arithmetic::subtract,
                    args[0].type() == Type::float64 ? Value::of_float(-0.0) : Value::of_int(0),
                    args[0], evaluation_.mismatches);
            case ExpressionKind::logical_not: {
                const Value value = truth(args[0]);
                return value.is_null() ? value : Value::of_bool(!value.is_true());
            }
            case ExpressionKind::is_null: return Value::of_bool(args[0].is_null() != e.is_negated);
            case ExpressionKind::concat: return concat(args);
            case ExpressionKind::between: return negated(e, between(args));
            case ExpressionKind::in_list: return negated(e, in_list(args));
            case ExpressionKind::like: return negated(e, like(e, args));
            case ExpressionKind::distinct_from: return negated(e, Value::of_bool(distinct(args)));
            case ExpressionKind::cast: return cast_value(args[0], e.cast_to, evaluation_);
            case ExpressionKind::extract: return extract(e, args[0]);
            case ExpressionKind::call: return call(*e.function, args);
            default: return {};
        }
    }

    static Value negated(const Expression& e, const Value& value) {
        if (!e.is_negated || value.is_null()) return value;
        return Value::of_bool(!value.is_true());
    }

    // NULL where either is NULL or they do not compare.
    Value ordered(const Value& left, const Value& right, bool (*holds)(int)) {
        if (left.is_null() || right.is_null()) return {};
        if (!column::comparable(left, right)) {
            ++evaluation_.mismatches;
            return {};
        }
        return Value::of_bool(holds(column::compare(left, right)));
    }
    Value between(const std::vector<Value>& args) {
        const Value low = ordered(args[0], args[1], [](int order) { return order >= 0; });
        const Value high = ordered(args[0], args[2], [](int order) { return order <= 0; });
        if (!low.is_null() && !low.is_true()) return low;
        if (!high.is_null() && !high.is_true()) return high;
        return low.is_null() ? low : high;
    }
    Value in_list(const std::vector<Value>& args) {
        bool unknown = false;
        for (std::size_t i = 1; i < args.size(); ++i) {
            const Value equal = ordered(args[0], args[i], [](int order) { return order == 0; });
            if (equal.is_true()) return equal;
            unknown = unknown || equal.is_null();
        }
        return unknown ? Value() : Value::of_bool(false);
    }
    static bool distinct(const std::vector<Value>& args) {
        if (args[0].is_null() || args[1].is_null()) return args[0].is_null() != args[1].is_null();
        return !column::comparable(args[0], args[1]) || column::compare(args[0], args[1]) != 0;
    }
    Value extract(const Expression& e, const Value& json) {
        if (json.is_null()) return {};
        if (json.type() == Type::text)
            return column::json_at(json.as_text(), e.path, evaluation_.arena);
        ++evaluation_.mismatches;
        return {};
    }
    Value like(const Expression& e, const std::vector<Value>& args) {
        const GoesOn goes_on = [this](std::size_t bytes) {
            return evaluation_.goes_on(1 + bytes / Evaluation::kBytesPerStep);
        };
        if (args[0].is_null() || args[1].is_null()) return {};
        if (args[0].type() != Type::text || args[1].type() != Type::text) {
            ++evaluation_.mismatches;
            return {};
        }
        if (!e.ignores_case)
            return Value::of_bool(matches_like(args[0].as_text(), args[1].as_text(), goes_on));
        return Value::of_bool(
            matches_like(lower_case(args[0].as_text()), lower_case(args[1].as_text()), goes_on));
    }
    // `||` shows any type as text: joining is what people mean by it.
    Value concat(const std::vector<Value>& args) {
        if (args[0].is_null() || args[1].is_null()) return {};
        const std::string joined = column::to_text(args[0]) + column::to_text(args[1]);
        if (joined.size() > kTextBytesMax) {
            ++evaluation_.mismatches;
            return {};
        }
        return Value::of_text(evaluation_.arena.keep(joined));
    }
    Value call(const Function& function, const std::vector<Value>& args) {
        if (function.predictor != nullptr) return predict(*function.predictor, args);
        if (!function.takes_null &&
            std::any_of(args.begin(), args.end(), [](const Value& v) { return v.is_null(); }))
            return {};
        return function.call(args, evaluation_);
    }

    // What is no number is missing; what cannot be told is NULL.
    Value predict(const Predictor& predictor, const std::vector<Value>& args) {
        input_.resize(args.size());
        for (std::size_t i = 0; i < args.size(); ++i) {
            const bool is_told = args[i].is_number() || args[i].type() == Type::boolean;
            if (!is_told && !args[i].is_null()) ++evaluation_.mismatches;
            input_[i] = is_told ? args[i].as_float() : std::numeric_limits<double>::quiet_NaN();
        }
        const double said = predictor.predict(input_);
        return std::isfinite(said) ? Value::of_float(said) : Value();
    }

    const Frame& frame_;
    Evaluation& evaluation_;
    std::vector<double> input_; // of a predictor
};

} // namespace

Column evaluate(const Expression& expression, const Frame& frame, Evaluation& evaluation) {
    return Evaluator(frame, evaluation).run(expression, nullptr).take();
}

std::vector<std::uint32_t> rows_where(const Expression& condition, const Frame& frame,
                                      Evaluation& evaluation) {
    const Operand result = Evaluator(frame, evaluation).run(condition, nullptr);
    Rows rows;
    for (std::size_t i = 0; i < frame.rows; ++i) {
        const Type type = result.get().type_at(i);
        if (type == Type::boolean && result.get().words()[i] != 0)
            rows.push_back(static_cast<std::uint32_t>(i));
        if (type != Type::boolean && type != Type::null) ++evaluation.mismatches;
    }
    return rows;
}

} // namespace holdfast::sql
