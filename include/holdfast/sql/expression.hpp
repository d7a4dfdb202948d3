#pragma once

#include <holdfast/column/column.hpp>
#include <holdfast/column/field.hpp>
#include <holdfast/column/kernels.hpp>
#include <holdfast/sql/token.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::sql {

struct Function;   // a scalar function (function.hpp)
struct OverClause; // of a window function, below

enum class ExpressionKind : std::uint8_t {
    literal,
    name,      // not bound yet: `path`
    parameter, // $1 or :name, `text` is what stands behind the sign; a literal once bound
    slot,      // column number `slot` of the frame
    negate,
    logical_not,
    logical_and,
    logical_or,
    arithmetic,
    comparison,
    distinct_from, // args: x, y; NULL is a value like any other
    concat,
    is_null,
    between,   // args: x, low, high
    in_list,   // args: x, candidates...
    like,      // args: x, pattern
    case_when, // args: [operand,] when, then, ..., [else]
    call,      // before binding also an aggregate or a window function
    cast,      // args: x; to `cast_to`
    extract,   // args: x (JSON text); the value at `path` in it
};

// A node of an expression tree. Trees are at most kExpressionDepthMax deep, whatever was written,
// so walking and destroying them by recursion is safe.
struct Expression {
    ExpressionKind kind = ExpressionKind::literal;
    Position at{};
    std::uint32_t depth = 1;
    std::vector<std::unique_ptr<Expression>> args{};

    column::Value literal{}; // text points into `text`: nodes do not move
    std::string text{};      // literal text; a call's name in lower case
    column::Path path{};     // name
    bool is_quoted = false;  // name: its first step was quoted, so it is a payload path
    std::size_t slot = 0;
    column::Arithmetic arithmetic{};
    column::Comparison comparison{};
    bool is_negated = false;              // is_null, between, in_list, like
    bool has_operand = false;             // case_when
    bool has_else = false;                // case_when
    bool is_star = false;                 // call: count(*)
    bool is_distinct = false;             // call: count(DISTINCT x)
    bool ignores_case = false;            // like
    column::Type cast_to{};               // cast
    const Function* function = nullptr;   // call, once bound
    std::unique_ptr<Expression> filter{}; // call: FILTER (WHERE ...)
    std::unique_ptr<OverClause> over{};   // call: OVER (...)
};
using ExpressionPtr = std::unique_ptr<Expression>;

inline constexpr std::uint32_t kExpressionDepthMax = 200;

struct OrderTerm {
    ExpressionPtr expression;
    bool is_descending = false;
    bool nulls_first = false;
};

// Where a window frame begins or ends, seen from the row it is for.
struct FrameBound {
    enum class Kind : std::uint8_t { unbounded, preceding, current, following };
    Kind kind = Kind::unbounded;
    std::int64_t distance = 0; // rows, or with RANGE microseconds or a number
};

struct OverClause {
    std::vector<ExpressionPtr> partition{};
    std::vector<OrderTerm> order{};
    bool is_range = true; // without a frame: RANGE UNBOUNDED PRECEDING, which takes in peers
    FrameBound from{};
    FrameBound to{FrameBound::Kind::current, 0};
};

// A deep copy.
[[nodiscard]] ExpressionPtr clone(const Expression& expression);
// Whether both are the same expression, whatever their positions in the text.
[[nodiscard]] bool same(const Expression& left, const Expression& right) noexcept;
// Calls `visit` for the expression and all below it, also in FILTER and OVER.
void walk(Expression& expression, const std::function<void(Expression&)>& visit);
void walk(const Expression& expression, const std::function<void(const Expression&)>& visit);

// Says when an evaluation has to end early: who asked has gone, or it took too long.
class Interrupt {
public:
    virtual ~Interrupt() = default;
    [[nodiscard]] virtual bool is_due() const = 0; // cheap: about a look at the clock
};

// What an evaluation needs beside its input, and what it counts.
struct Evaluation {
    // Steps between two looks at the interrupt: rows, or so many bytes of text searched.
    static constexpr std::size_t kStepsAtOnce = 1024;
    static constexpr std::size_t kBytesPerStep = 256;

    // Text that expressions make. The owner clears it between batches, may limit it, and then asks
    // whether it is_full(): if so, values are missing from the result.
    column::TextArena arena;
    std::uint64_t mismatches = 0; // values that became NULL (wrong type, x/0, out of range)

    // Outlives the evaluation; null: nobody interrupts.
    const Interrupt* interrupt = nullptr;
    std::size_t steps = 0;       // since the last look
    bool is_interrupted = false; // values are missing from the result, which must not be used

    // After so much work. False: stop at once, whatever the result is, nobody will use it.
    [[nodiscard]] bool goes_on(std::size_t done) {
        steps += done;
        if (steps >= kStepsAtOnce) {
            steps = 0;
            is_interrupted = is_interrupted || (interrupt != nullptr && interrupt->is_due());
        }
        return !is_interrupted;
    }
};

// The value of a bound expression for each row of `frame`. Text is borrowed from the frame, the
// expression and `evaluation.arena`. Branches of AND, OR and CASE are evaluated only for the rows
// that need them, so `CASE WHEN b <> 0 THEN a / b END` counts nothing.
[[nodiscard]] column::Column evaluate(const Expression& expression, const column::Frame& frame,
                                      Evaluation& evaluation);
// Rows for which `condition` is true (neither false nor NULL), ascending.
[[nodiscard]] std::vector<std::uint32_t> rows_where(const Expression& condition,
                                                    const column::Frame& frame,
                                                    Evaluation& evaluation);

} // namespace holdfast::sql
