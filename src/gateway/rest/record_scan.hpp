#pragma once

#include <holdfast/gateway/http/message.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/record/batch_view.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

namespace holdfast::gateway {

// Which records of a partition a reader wants.
struct RecordFilter {
    std::optional<std::string> key;
    std::int64_t from_ms = std::numeric_limits<std::int64_t>::min();
    std::int64_t to_ms = std::numeric_limits<std::int64_t>::max(); // excluded

    [[nodiscard]] bool takes(const record::RecordView& record) const;
};

// The query parameters key or key_base64, from, to. Errors: malformed, naming the parameter.
[[nodiscard]] Result<RecordFilter> read_filter(const HttpRequest& request);

// Calls `each` with the records from `from` on that the filter takes, until it says that this was
// the last, the readable end, or about `bytes_max` looked through. Gives where to go on. A fetch
// that fails ends the scan there; it is an error only at `from` itself, as of Log::fetch().
[[nodiscard]] Result<Offset> scan_records(
    const log::Log& log, PartitionId partition, Offset from, std::size_t bytes_max,
    const RecordFilter& filter, const std::function<bool(const record::RecordView&)>& each);

} // namespace holdfast::gateway
