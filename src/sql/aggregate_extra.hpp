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
    static constexpr std::size_t kArgumentsMax = 2;
    virtual void add(std::span<const column::Value> args, std::uint64_t& mismatches) = 0;
    // Rows [begin, end) of columns.
    virtual void add_run(std::span<const column::Column* const> args, std::size_t begin,
                         std::size_t end, std::uint64_t& mismatches);
    // Text is borrowed from `arena`.
    [[nodiscard]] virtual column::Value result(column::TextArena& arena) const = 0;
    // Of memory beside the object itself.
    [[nodiscard]] virtual std::size_t heap_bytes() const noexcept = 0;
};

// median, quantile, quantile_cont
[[nodiscard]] std::unique_ptr<AggregateExtra> make_quantile(AggregateKind kind);
// Null for kinds that need none.
[[nodiscard]] std::unique_ptr<AggregateExtra> make_extra(AggregateKind kind);

} // namespace holdfast::sql
