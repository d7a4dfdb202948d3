#pragma once

#include <gateway/rest/record_scan.hpp>
#include <holdfast/gateway/http/body_stream.hpp>
#include <holdfast/gateway/http/reply.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/log/log.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::gateway {

// Where a reader of one or more partitions of a stream is: the offset wanted next, by partition.
using TailPosition = std::pair<PartitionIndex, Offset>;
using TailPositions = std::vector<TailPosition>;

// "0:17,1:9", the id of an event: what a client sends back as Last-Event-ID. Errors: malformed.
[[nodiscard]] std::string to_event_id(const TailPositions& positions);
[[nodiscard]] Result<TailPositions> from_event_id(std::string_view text);

struct TailSettings {
    StreamId stream{};
    TailPositions positions;       // not empty
    bool follows_new_ones = false; // partitions that are added later, from their start
    RecordFilter filter;
};

// The records of a stream, as they come, as server-sent events (WHATWG HTML, section 9.2): one
// without a name for each record, `lost` for what cannot be read any more, `end` where the stream
// is gone. `session` is the reply that this is the body of.
[[nodiscard]] std::shared_ptr<BodyStream> make_record_tail(log::Log& log, WorkQueue& work,
                                                           Reply session, TailSettings settings);

} // namespace holdfast::gateway
