#pragma once

#include "exec/row_store.hpp"

#include <holdfast/sql/select_plan.hpp>

#include <memory>
#include <vector>

namespace holdfast::exec {

// What one window function gave, row by row as the rows came.
class WindowResult {
public:
    explicit WindowResult(Context& context) : held_(context, "a window function") {}

    [[nodiscard]] Result<void> resize(std::uint32_t rows);
    // Text is kept here.
    [[nodiscard]] Result<void> set(std::uint32_t row, const column::Value& value);
    [[nodiscard]] const column::Column& batch(std::size_t index) const { return batches_[index]; }

private:
    HeldMemory held_;
    std::vector<column::Column> batches_; // of kBatchRows, the last shorter
    column::TextArena texts_;
};

// Computes `call` over all of `rows`. `out` is empty.
[[nodiscard]] Result<void> compute(const sql::WindowCall& call, RowStore& rows, Context& context,
                                   WindowResult& out);

} // namespace holdfast::exec
