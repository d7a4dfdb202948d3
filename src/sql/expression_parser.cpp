#include "sql/expression_parser.hpp"

#include <holdfast/sql/rule_statement.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace holdfast::sql {
namespace {

using column::Arithmetic;
using column::Comparison;

ExpressionPtr node(ExpressionKind kind, Position at) {
    auto made = std::make_unique<Expression>();
    made->kind = kind;
    made->at = at;
    return made;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// Precedence climbing, loosest first: OR, AND, NOT, comparison, ||, + -, * / % DIV, sign.
class ExpressionParser {
public:
    explicit ExpressionParser(TokenCursor& cursor) : cursor_(cursor) {}

    Result<ExpressionPtr> disjunction() {
        HF_TRY(const Nesting nesting, enter());
        HF_TRY(auto left, conjunction());
        while (cursor_.peek().is("OR")) {
            HF_TRY(left, joined(ExpressionKind::logical_or, std::move(left), &Self::conjunction));
        }
        return left;
    }

private:
    using Self = ExpressionParser;

    class Nesting {
    public:
        explicit Nesting(std::uint32_t& depth) : depth_(&depth) { ++depth; }
        Nesting(Nesting&& other) noexcept : depth_(std::exchange(other.depth_, nullptr)) {}
        Nesting& operator=(Nesting&&) = delete;
        ~Nesting() {
            if (depth_ != nullptr) --*depth_;
        }

    private:
        std::uint32_t* depth_;
    };
    Result<Nesting> enter() {
        if (cursor_.nesting() >= kExpressionDepthMax) return too_deep();
        return Nesting(cursor_.nesting());
    }
    [[nodiscard]] Error too_deep() const {
        return error_at(Errc::limit_exceeded, cursor_.peek().at,
                        "the expression is nested too deeply");
    }

    // Adds an argument, keeping the tree's depth within bounds also where no brackets nest:
    // a + b + c + ... is a tree as deep as it is long.
    Result<void> add(Expression& parent, ExpressionPtr child) {
        parent.depth = std::max(parent.depth, child->depth + 1);
        parent.args.push_back(std::move(child));
        if (parent.depth > kExpressionDepthMax) return too_deep();
        return ok();
    }
    // `left <operator> right`, the operator being the next token.
    Result<ExpressionPtr> joined(ExpressionKind kind, ExpressionPtr left,
                                 Result<ExpressionPtr> (Self::*right_side)()) {
        auto made = node(kind, cursor_.take().at);
        HF_TRY(auto right, (this->*right_side)());
        HF_TRY(add(*made, std::move(left)));
        HF_TRY(add(*made, std::move(right)));
        return made;
    }

    Result<ExpressionPtr> conjunction() {
        HF_TRY(auto left, negation());
        while (cursor_.peek().is("AND")) {
            HF_TRY(left, joined(ExpressionKind::logical_and, std::move(left), &Self::negation));
        }
        return left;
    }

    Result<ExpressionPtr> negation() {
        if (!cursor_.peek().is("NOT")) return predicate();
        HF_TRY(const Nesting nesting, enter());
        auto made = node(ExpressionKind::logical_not, cursor_.take().at);
        HF_TRY(auto inner, negation());
        HF_TRY(add(*made, std::move(inner)));
        return made;
    }

    Result<ExpressionPtr> predicate() {
        HF_TRY(auto left, concatenation());
        for (;;) {
            if (const auto op = comparison_at(cursor_.peek())) {
                HF_TRY(left,
                       joined(ExpressionKind::comparison, std::move(left), &Self::concatenation));
                left->comparison = *op;
            } else if (cursor_.peek().is("IS")) {
                HF_TRY(left, is_test(std::move(left)));
            } else if (starts_suffix()) {
                HF_TRY(left, suffix(std::move(left)));
            } else {
                return left;
            }
        }
    }
    // IS [NOT] NULL, IS [NOT] DISTINCT FROM x, IS [NOT] TRUE, IS [NOT] FALSE
    Result<ExpressionPtr> is_test(ExpressionPtr left) {
        auto made = node(ExpressionKind::is_null, cursor_.take().at);
        made->is_negated = cursor_.accept("NOT");
        const bool is_truth = cursor_.peek().is("TRUE") || cursor_.peek().is("FALSE");
        if (cursor_.in_query() && (is_truth || cursor_.peek().is("DISTINCT"))) {
            made->kind = ExpressionKind::distinct_from;
            // x IS TRUE is x IS NOT DISTINCT FROM TRUE
            if (is_truth) made->is_negated = !made->is_negated;
            if (!is_truth) {
                cursor_.take();
                HF_TRY(cursor_.expect("FROM"));
            }
            HF_TRY(auto right, concatenation());
            HF_TRY(add(*made, std::move(left)));
            HF_TRY(add(*made, std::move(right)));
            return made;
        }
        HF_TRY(cursor_.expect("NULL"));
        HF_TRY(add(*made, std::move(left)));
        return made;
    }
    static std::optional<Comparison> comparison_at(const Token& token) noexcept {
        struct Spelled {
            std::string_view text;
            Comparison op;
        };
        constexpr std::array kSpelled{
            Spelled{"=", Comparison::equal},      Spelled{"==", Comparison::equal},
            Spelled{"<>", Comparison::not_equal}, Spelled{"!=", Comparison::not_equal},
            Spelled{"<", Comparison::less},       Spelled{"<=", Comparison::less_equal},
            Spelled{">", Comparison::greater},    Spelled{">=", Comparison::greater_equal}};
        for (const Spelled& each : kSpelled)
            if (token.is_symbol(each.text)) return each.op;
        return std::nullopt;
    }

    [[nodiscard]] bool starts_suffix() const noexcept {
        const Token& token = cursor_.peek(cursor_.peek().is("NOT") ? 1 : 0);
        return token.is("BETWEEN") || token.is("IN") || token.is("LIKE") ||
               (cursor_.in_query() && token.is("ILIKE"));
    }
    // [NOT] BETWEEN a AND b, [NOT] IN (...), [NOT] LIKE p
    Result<ExpressionPtr> suffix(ExpressionPtr left) {
        const bool is_negated = cursor_.accept("NOT");
        const Token word = cursor_.take();
        auto made = node(ExpressionKind::like, word.at);
        made->is_negated = is_negated;
        made->ignores_case = word.is("ILIKE");
        HF_TRY(add(*made, std::move(left)));
        if (word.is("IN")) {
            made->kind = ExpressionKind::in_list;
            HF_TRY(cursor_.expect_symbol("("));
            if (cursor_.peek().is("SELECT")) return cursor_.not_served("sub-queries are");
            HF_TRY(arguments(*made));
            return made;
        }
        HF_TRY(auto first, concatenation());
        HF_TRY(add(*made, std::move(first)));
        if (word.is("BETWEEN")) {
            made->kind = ExpressionKind::between;
            HF_TRY(cursor_.expect("AND"));
            HF_TRY(auto second, concatenation());
            HF_TRY(add(*made, std::move(second)));
        }
        return made;
    }

    Result<ExpressionPtr> concatenation() {
        HF_TRY(auto left, sum());
        while (cursor_.peek().is_symbol("||")) {
            HF_TRY(left, joined(ExpressionKind::concat, std::move(left), &Self::sum));
        }
        return left;
    }

    Result<ExpressionPtr> sum() {
        HF_TRY(auto left, product());
        for (;;) {
            const bool is_plus = cursor_.peek().is_symbol("+");
            if (!is_plus && !cursor_.peek().is_symbol("-")) return left;
            HF_TRY(left, joined(ExpressionKind::arithmetic, std::move(left), &Self::product));
            left->arithmetic = is_plus ? Arithmetic::add : Arithmetic::subtract;
        }
    }

    Result<ExpressionPtr> product() {
        HF_TRY(auto left, sign());
        for (;;) {
            const Token& token = cursor_.peek();
            Arithmetic op{};
            if (token.is_symbol("*")) {
                op = Arithmetic::multiply;
            } else if (token.is_symbol("/")) {
                op = Arithmetic::divide;
            } else if (token.is_symbol("%")) {
                op = Arithmetic::modulo;
            } else if (token.is("DIV")) {
                op = Arithmetic::div;
            } else {
                return left;
            }
            HF_TRY(left, joined(ExpressionKind::arithmetic, std::move(left), &Self::sign));
            left->arithmetic = op;
        }
    }

    Result<ExpressionPtr> sign() {
        if (cursor_.accept_symbol("+")) {
            HF_TRY(const Nesting nesting, enter());
            return sign();
        }
        if (!cursor_.peek().is_symbol("-")) return postfix();
        HF_TRY(const Nesting nesting, enter());
        auto made = node(ExpressionKind::negate, cursor_.take().at);
        // the only way to write the least int64
        if (cursor_.peek().is_wide && cursor_.peek().text == "9223372036854775808") {
            made->kind = ExpressionKind::literal;
            made->literal = column::Value::of_int(INT64_MIN);
            cursor_.take();
            return made;
        }
        HF_TRY(auto inner, sign());
        HF_TRY(add(*made, std::move(inner)));
        return made;
    }

    // x::type
    Result<ExpressionPtr> postfix() {
        HF_TRY(auto left, primary());
        while (cursor_.in_query() && cursor_.peek().is_symbol("::")) {
            auto made = node(ExpressionKind::cast, cursor_.take().at);
            HF_TRY(made->cast_to, parse_type(cursor_));
            HF_TRY(add(*made, std::move(left)));
            left = std::move(made);
        }
        return left;
    }

    Result<ExpressionPtr> primary() {
        const Token& token = cursor_.peek();
        switch (token.kind) {
            case TokenKind::integer:
            case TokenKind::real:
            case TokenKind::duration:
            case TokenKind::text: return literal();
            case TokenKind::quoted_word: return parse_name(cursor_);
            case TokenKind::word: return word();
            case TokenKind::symbol:
                if (token.text == "(") return bracketed();
                if (cursor_.in_query() && (token.text == "$" || token.text == ":"))
                    return parse_parameter(cursor_);
                [[fallthrough]];
            case TokenKind::end: return cursor_.expected("an expression");
        }
        return cursor_.expected("an expression");
    }

    Result<ExpressionPtr> literal() {
        const Token& token = cursor_.take();
        auto made = node(ExpressionKind::literal, token.at);
        if (token.kind == TokenKind::text) {
            made->text = token.text;
            made->literal = column::Value::of_text(made->text);
        } else if (token.kind == TokenKind::real || token.is_wide) {
            made->literal = column::Value::of_float(token.real);
        } else { // a duration is its microseconds, as the difference of two timestamps is
            made->literal = column::Value::of_int(token.number);
        }
        return made;
    }

    Result<ExpressionPtr> bracketed() {
        cursor_.take();
        if (cursor_.peek().is("SELECT")) return cursor_.not_served("sub-queries are");
        HF_TRY(auto inner, disjunction());
        HF_TRY(cursor_.expect_symbol(")"));
        return inner;
    }

    Result<ExpressionPtr> word() {
        const Token& token = cursor_.peek();
        if (token.is("TRUE") || token.is("FALSE") || token.is("NULL")) {
            auto made = node(ExpressionKind::literal, token.at);
            if (!token.is("NULL")) made->literal = column::Value::of_bool(token.is("TRUE"));
            cursor_.take();
            return made;
        }
        if (token.is("CASE")) return case_when();
        if (token.is("INTERVAL")) {
            auto made = node(ExpressionKind::literal, token.at);
            HF_TRY(const auto us, parse_duration(cursor_));
            made->literal = column::Value::of_int(us);
            return made;
        }
        if (token.is("EXISTS")) return cursor_.not_served("sub-queries are");
        // left(x, n) and right(x, n) are functions, LEFT JOIN is none
        const bool is_function = cursor_.in_query() && cursor_.peek(1).is_symbol("(") &&
                                 (token.is("LEFT") || token.is("RIGHT"));
        if (is_function) return call();
        if (is_reserved(token)) return cursor_.expected("an expression");
        if (cursor_.in_query()) {
            HF_TRY(const Nesting nesting, enter());
            HF_TRY(auto special, parse_special_form(cursor_));
            if (special) return special;
        }
        return cursor_.peek(1).is_symbol("(") ? call() : parse_name(cursor_);
    }

    Result<ExpressionPtr> case_when() {
        HF_TRY(const Nesting nesting, enter());
        auto made = node(ExpressionKind::case_when, cursor_.take().at);
        if (!cursor_.peek().is("WHEN")) {
            made->has_operand = true;
            HF_TRY(auto operand, disjunction());
            HF_TRY(add(*made, std::move(operand)));
        }
        do {
            HF_TRY(cursor_.expect("WHEN"));
            HF_TRY(auto when, disjunction());
            HF_TRY(add(*made, std::move(when)));
            HF_TRY(cursor_.expect("THEN"));
            HF_TRY(auto then, disjunction());
            HF_TRY(add(*made, std::move(then)));
        } while (cursor_.peek().is("WHEN"));
        if (cursor_.accept("ELSE")) {
            made->has_else = true;
            HF_TRY(auto otherwise, disjunction());
            HF_TRY(add(*made, std::move(otherwise)));
        }
        HF_TRY(cursor_.expect("END"));
        return made;
    }

    Result<ExpressionPtr> call() {
        const Token& name = cursor_.take();
        auto made = node(ExpressionKind::call, name.at);
        made->text = lower(name.text);
        cursor_.take(); // (
        made->is_distinct = cursor_.peek().is("DISTINCT");
        if (made->is_distinct && !cursor_.in_query())
            return cursor_.not_served(fmt::format("{}(DISTINCT ...) is", made->text));
        if (made->is_distinct) cursor_.take();
        if (cursor_.accept_symbol("*")) {
            made->is_star = true;
            HF_TRY(cursor_.expect_symbol(")"));
        } else if (!cursor_.accept_symbol(")")) {
            HF_TRY(arguments(*made));
        }
        HF_TRY(const Nesting nesting, enter());
        HF_TRY(parse_call_suffix(cursor_, *made));
        return made;
    }

    // e, e, ... )
    Result<void> arguments(Expression& parent) {
        do {
            HF_TRY(auto argument, disjunction());
            HF_TRY(add(parent, std::move(argument)));
        } while (cursor_.accept_symbol(","));
        return cursor_.expect_symbol(")");
    }

    TokenCursor& cursor_;
};

} // namespace

Result<ExpressionPtr> parse_expression(TokenCursor& cursor) {
    return ExpressionParser(cursor).disjunction();
}

} // namespace holdfast::sql
