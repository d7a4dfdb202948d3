#pragma once

#include <holdfast/exec/operator.hpp>
#include <holdfast/exec/parts.hpp>
#include <holdfast/exec/row_source.hpp>
#include <holdfast/sql/select_plan.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::exec {

// One maker per operator. Expressions and plans are borrowed and must outlive the operator.

using Expressions = std::vector<sql::ExpressionPtr>;

// The rows of a relation, its filters not applied.
[[nodiscard]] OperatorPtr make_scan(const sql::SourcePlan& source, const RowSource& rows);
// The last row per value of column 0, by the time in column 1; rows without a key are left out.
[[nodiscard]] OperatorPtr make_latest(OperatorPtr input);
// One row without columns.
[[nodiscard]] OperatorPtr make_one_row();
// The rows for which all of `conditions` are true.
[[nodiscard]] OperatorPtr make_filter(OperatorPtr input, std::vector<const sql::Expression*> all);
[[nodiscard]] OperatorPtr make_project(OperatorPtr input,
                                       std::vector<const sql::Expression*> items);
// Columns picked by number.
[[nodiscard]] OperatorPtr make_pick(OperatorPtr input, std::vector<std::size_t> columns);
// The input with the columns of `source`, rows of both being paired as it says.
[[nodiscard]] OperatorPtr make_join(OperatorPtr left, OperatorPtr right,
                                    const sql::SourcePlan& source);
[[nodiscard]] OperatorPtr make_unnest(OperatorPtr input, const sql::SourcePlan& source);
// The input with window_start and window_end; a row of HOP once per window that it is in.
[[nodiscard]] OperatorPtr make_window_assign(OperatorPtr input, const sql::WindowPlan& window);
// The same for SESSION, which looks at one `keys` after the other; all of the input is kept.
[[nodiscard]] OperatorPtr make_session(OperatorPtr input, const sql::WindowPlan& window,
                                       std::vector<const sql::Expression*> keys);
// A row per group in the order in which groups were met: keys, then aggregates.
[[nodiscard]] OperatorPtr make_aggregate(OperatorPtr input, const sql::SelectPlan& plan);
// The same where the source has parts.
[[nodiscard]] OperatorPtr make_parts_aggregate(const sql::SelectPlan& plan, PartsPlan parts,
                                               const RowSource& rows);
// Rows that differ from all before.
[[nodiscard]] OperatorPtr make_distinct(OperatorPtr input);
// The input with a column per window function; all of it is kept.
[[nodiscard]] OperatorPtr make_window(OperatorPtr input, const std::vector<sql::WindowCall>& calls);
// Sorted; with `first` only so many, of which no more are kept.
[[nodiscard]] OperatorPtr make_sort(OperatorPtr input, std::vector<sql::SortKey> keys,
                                    std::optional<std::uint64_t> first);
[[nodiscard]] OperatorPtr make_limit(OperatorPtr input, std::optional<std::uint64_t> limit,
                                     std::uint64_t offset);
[[nodiscard]] OperatorPtr make_union(std::vector<OperatorPtr> inputs);

} // namespace holdfast::exec
