#pragma once

#include <holdfast/exec/parts.hpp>
#include <holdfast/history/store.hpp>
#include <holdfast/log/log.hpp>

#include <memory>

namespace holdfast::query {

// Aggregates of the stream's devices out of history, device after device. Rows are left for rest()
// of devices whose values are not numbers alone where that would change an answer, or whose buckets
// are more than the memory; and with a log, all that history had not been told when each device was
// counted. All outlive the cursor; `log` may be null.
[[nodiscard]] Result<std::unique_ptr<exec::PartsCursor>> open_history_parts(
    const history::Store& history, const log::Log* log, std::shared_ptr<const log::Stream> stream,
    const sql::SourcePlan& source, const exec::PartsPlan& plan, exec::Context& context);

} // namespace holdfast::query
