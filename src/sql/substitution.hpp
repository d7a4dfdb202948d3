#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/sql/expression.hpp>

#include <cstddef>

namespace holdfast::sql {

// Puts what an item computes where its name stands. An item may be named often, and short text
// must not become a tree that fills the memory.
class Substitution {
public:
    static constexpr std::size_t kNodesMax = 20'000; // of all copies of one statement

    // `name` becomes a copy of `item`, at its own position. limit_exceeded.
    [[nodiscard]] Result<void> put(Expression& name, const Expression& item);
    // For a copy that is made elsewhere.
    [[nodiscard]] Result<void> count(const Expression& item, Position at);

private:
    std::size_t nodes_ = 0;
};

} // namespace holdfast::sql
