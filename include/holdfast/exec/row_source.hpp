#pragma once

#include <holdfast/exec/operator.hpp>
#include <holdfast/exec/parts.hpp>
#include <holdfast/sql/select_plan.hpp>

#include <memory>
#include <string>

namespace holdfast::exec {

// Where rows of relations come from: the log, tables, history, tests. Thread-safe.
class RowSource {
public:
    virtual ~RowSource() = default;
    // A cursor over the rows of a filter, stream, latest or table source. Column i of its batches
    // is source.fields[i] (or source.columns[i]). Time ranges and filters of `source` say what may
    // be left out (not of a latest one: they are about what is left); they are applied again.
    // `source` and `context` outlive the cursor.
    [[nodiscard]] virtual Result<std::unique_ptr<Cursor>> open(const sql::SourcePlan& source,
                                                               Context& context) const = 0;
    // Whether the source has counted its rows, and open_parts() may be asked. Cheap.
    [[nodiscard]] virtual bool has_parts(const sql::SourcePlan&) const { return false; }
    // `source`, `parts` and `context` outlive the cursor.
    [[nodiscard]] virtual Result<std::unique_ptr<PartsCursor>> open_parts(
        const sql::SourcePlan& source, const PartsPlan& parts, Context& context) const;
    // What of the source is read, to be shown behind it by EXPLAIN; empty: all of it.
    [[nodiscard]] virtual std::string extent(const sql::SourcePlan&) const { return {}; }
};

// The operators that answer `plan`, which must outlive them, as must `rows`. Columns of its batches
// are plan.names.
[[nodiscard]] OperatorPtr build(const sql::QueryPlan& plan, const RowSource& rows);

} // namespace holdfast::exec
