#pragma once

#include <gateway/rest/history_rows.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/gateway/http/router.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/log/log.hpp>

#include <functional>
#include <span>
#include <string>

namespace holdfast::gateway {

// What routes that read history share. All outlive the handlers.
struct HistoryParts {
    const history::Store* store; // null: none is kept
    const log::Log& log;
    const Clock& clock;
    std::size_t bytes_max = 0; // of one answer in memory
};

// not_found, where no history is kept.
[[nodiscard]] Result<void> check_kept(const HistoryParts& parts);
// The one stream that has the device, of those that the caller may read. Errors: not_found;
// malformed where there are several; those of check_kept().
[[nodiscard]] Result<StreamId> stream_of(const HistoryParts& parts, const HttpRequest& request,
                                         const std::string& device);
// not_found, where the stream has no such device, or the device no such field.
[[nodiscard]] Result<void> check_device(const HistoryParts& parts, StreamId stream,
                                        const std::string& device,
                                        std::span<const std::string> fields);

// Does `send` and streams what it says to the client; gone or slow clients end it, and statistics
// end after a minute. `send` gives the number of rows.
using SendHistory = std::function<Result<std::uint64_t>(const HistoryRead& read)>;
void answer_history(const HistoryParts& parts, const Reply& reply, StreamId stream,
                    const HistoryRequest& asked, const SendHistory& send);

// A handler that works on the queue; its errors are problems. 503 where the queue is full.
using WorkOnHistory =
    std::function<Result<void>(const HistoryParts&, const HttpRequest&, const Reply&)>;
[[nodiscard]] Router::Handler on_history(HistoryParts parts, WorkQueue& queue, WorkOnHistory work);

} // namespace holdfast::gateway
