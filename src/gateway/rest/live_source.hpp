#pragma once

#include <gateway/rest/record_tail.hpp>
#include <gateway/rest/topic_rights.hpp>
#include <holdfast/access/policy.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace holdfast {
class Clock;
class Metrics;
} // namespace holdfast
namespace holdfast::alarms {
class Registry;
}

namespace holdfast::gateway {

class TopicView;

// About what one source adds at a time; the rest of what it has waits, or is counted as dropped.
inline constexpr std::size_t kLivePieceBytes = 64U << 10U;

// One kind of what a live connection tells (docs/rest/live.md). It keeps where its client is, and
// no queue: a client that reads slowly is asked for less often, and then gets the newest. On a
// queue's thread, one call at a time; all that a source is made of outlives it.
class LiveSource {
public:
    virtual ~LiveSource() = default;
    // Adds what is new, as server-sent events; nothing where there is nothing.
    virtual void add_news(std::string& events) = 0;
};

// What was said on topics that a filter matches and the caller may see: of each its last message.
[[nodiscard]] std::unique_ptr<LiveSource> make_live_topics(TopicView& view, const log::Log& log,
                                                           const Clock& clock,
                                                           std::vector<std::string> filters,
                                                           access::Rights rights);
// Alarms that were raised, cleared or acknowledged, as they are now.
[[nodiscard]] std::unique_ptr<LiveSource> make_live_alarms(const alarms::Registry& alarms);
// Every metric, summed over its labels, at once and every two seconds.
[[nodiscard]] std::unique_ptr<LiveSource> make_live_metrics(const Metrics& metrics,
                                                            const Clock& clock);

// A stream that is followed, from where on.
struct LiveStreamPosition {
    std::string name;
    StreamId id{};
    TailPositions positions;
};
// Records of streams as they come. A client that is far behind is taken near the end.
[[nodiscard]] std::unique_ptr<LiveSource> make_live_records(
    const log::Log& log, std::vector<LiveStreamPosition> streams);

// "events@0:17,1:9;alarms@0:3", the id of an event of records, and back. Errors: malformed.
[[nodiscard]] std::string to_live_id(const std::vector<LiveStreamPosition>& streams);
[[nodiscard]] Result<std::vector<LiveStreamPosition>> from_live_id(std::string_view text);

} // namespace holdfast::gateway
