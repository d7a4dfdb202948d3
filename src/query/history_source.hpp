#pragma once

#include <holdfast/exec/row_source.hpp>
#include <holdfast/history/store.hpp>
#include <holdfast/log/log.hpp>

#include <memory>
#include <optional>
#include <string>

namespace holdfast::query {

// Why the log has to answer alone, in words for whoever asked; nothing where history and log may
// together: the source asks for time, device, stream and fields of payloads that mean the same in
// both, and nothing of the stream was over a bound.
[[nodiscard]] std::optional<std::string> why_log_alone(const history::Store& history,
                                                       const log::Stream& stream,
                                                       const sql::SourcePlan& source);

// The rows of the stream's devices, device after device, each by time. All outlive the cursor.
[[nodiscard]] Result<std::unique_ptr<exec::Cursor>> open_history(const history::Store& history,
                                                                 const log::Stream& stream,
                                                                 const sql::SourcePlan& source,
                                                                 exec::Context& context);
// The same, and then from the log what history had not been told when each device was read, and
// what it does not keep any more: no row twice, none left out.
[[nodiscard]] Result<std::unique_ptr<exec::Cursor>> open_history_and_log(
    const history::Store& history, const log::Log& log, const log::Stream& stream,
    const sql::SourcePlan& source, exec::Context& context);

} // namespace holdfast::query
