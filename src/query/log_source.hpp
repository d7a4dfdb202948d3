#pragma once

#include <holdfast/exec/row_source.hpp>
#include <holdfast/log/log.hpp>

#include <memory>
#include <string>
#include <vector>

namespace holdfast::query {

// The records of streams, partition after partition, from the log as it stands when it is opened.
// With a filter, those whose topic matches it. `log`, `source` and `context` outlive the cursor.
[[nodiscard]] Result<std::unique_ptr<exec::Cursor>> open_log(
    const log::Log& log, const std::vector<std::string>& streams, const sql::SourcePlan& source,
    exec::Context& context);

} // namespace holdfast::query
