#pragma once

#include <holdfast/gateway/http/message.hpp>
#include <holdfast/log/log.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::gateway {

// A record as a client gives it. Without partition its key chooses one.
struct NewRecord {
    std::optional<std::string> key;
    std::optional<std::string> value; // none: a tombstone
    NamedValues headers;
    std::optional<std::int64_t> timestamp_ms;
    std::optional<PartitionIndex> partition;
};

// The records of one append in one partition, in the order given: `first_offset` and on.
struct PlacedRecords {
    PartitionIndex partition = 0;
    Offset first_offset = 0;
    std::int64_t count = 0;
};

struct RecordsAppend {
    std::shared_ptr<const log::Stream> stream;
    std::vector<NewRecord> records;
    std::int64_t now_ms = 0;              // of records without a time
    PartitionIndex keyless_partition = 0; // of records without key and partition

    // Both on the committer thread: they must not block. `remember` may be empty; it is called
    // before the records are stored, and what it gives is stored with them.
    std::function<log::StateChange(const std::vector<PlacedRecords>&)> remember;
    std::function<void(Result<std::vector<PlacedRecords>>)> done;
};

// The stream that a client appends to. not_found; denied where it is the server's own.
[[nodiscard]] Result<std::shared_ptr<const log::Stream>> stream_to_append(const log::Log& log,
                                                                          std::string_view name);

// Whether a stream with these settings takes a record of that size.
[[nodiscard]] bool fits(const log::StreamSettings& settings, const NewRecord& record);

// Stores all of them or none; then, and not where this gives an error, `done` is called. Errors,
// naming the record: malformed (partition, no key in a compacted stream), too_large (larger
// than the stream takes).
[[nodiscard]] Result<void> append_records(log::Log& log, RecordsAppend append);

} // namespace holdfast::gateway
