#pragma once

#include <gateway/rest/history_request.hpp>
#include <holdfast/history/store.hpp>
#include <holdfast/query/engine.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>

namespace holdfast::gateway {

// Whose history is read, how, and to whom it is told, batch by batch.
struct HistoryRead {
    const history::Store& store;
    StreamId stream{};
    const HistoryRequest& request;
    std::size_t bytes_max = 0; // in memory at once
    // Asked between batches and chunks: its error ends the work.
    std::function<Result<void>()> check;
    query::Sink& sink;
};

// Rows by time: `ts` and the fields; of several devices (`with_device`) one after the other, the
// device first. Past rows_max rows it ends behind the last row of that time, so that `after` goes
// on where it ended. All give the number of rows. Errors: of the store, the check and the sink.
[[nodiscard]] Result<std::uint64_t> send_rows(const HistoryRead& read,
                                              std::span<const std::string> devices,
                                              bool with_device);
// The buckets that are asked for, of no more time than the device has. malformed where they would
// be too many.
[[nodiscard]] Result<std::unique_ptr<history::Aggregation>> open_buckets(const HistoryRead& read,
                                                                         const std::string& device);
// A row for each bucket that has rows: `ts`, and `avg(field)` and such, NULL where the field has no
// number.
[[nodiscard]] Result<std::uint64_t> send_buckets(const HistoryRead& read,
                                                 const std::string& device);
// At most `points` rows, for each field `min(field)`, `min_ts(field)`, and the same of max.
[[nodiscard]] Result<std::uint64_t> send_extremes(const HistoryRead& read,
                                                  const std::string& device);

} // namespace holdfast::gateway
