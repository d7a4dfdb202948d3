#pragma once

#include <holdfast/column/column.hpp>
#include <holdfast/sql/aggregate.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace holdfast::sql {

// What an aggregate keeps that needs more room than AggregateState has.
class AggregateExtra {
public:
    virtual ~AggregateExtra() = default;
    virtual void add(std::span<const column::Value> args, std::uint64_t& mismatches) = 0;
    // Text is borrowed from `arena`.
    [[nodiscard]] virtual column::Value result(column::TextArena& arena) const = 0;
    // Of memory beside the object itself.
    [[nodiscard]] virtual std::size_t heap_bytes() const noexcept = 0;
};

// Null for kinds that need none.
[[nodiscard]] std::unique_ptr<AggregateExtra> make_extra(AggregateKind kind);

} // namespace holdfast::sql
