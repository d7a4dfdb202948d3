#include "sql/substitution.hpp"

#include <holdfast/sql/token.hpp>

#include <utility>

namespace holdfast::sql {

Result<void> Substitution::count(const Expression& item, Position at) {
    walk(item, [this](const Expression&) { ++nodes_; });
    if (nodes_ > kNodesMax)
        return error_at(Errc::limit_exceeded, at,
                        "items are named so often that the statement becomes too large");
    return ok();
}

Result<void> Substitution::put(Expression& name, const Expression& item) {
    const Position at = name.at;
    HF_TRY(count(item, at));
    const auto copy = clone(item);
    name = std::move(*copy);
    name.at = at;
    // literals of text point into their own node
    if (name.literal.type() == column::Type::text) name.literal = column::Value::of_text(name.text);
    return ok();
}

} // namespace holdfast::sql
