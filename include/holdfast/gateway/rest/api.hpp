#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/gateway/http/router.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {
class Clock;
class Metrics;
} // namespace holdfast
namespace holdfast::alarms {
class Registry;
}
namespace holdfast::broker {
class Publisher;
}
namespace holdfast::log {
class GroupOffsets;
class Log;
} // namespace holdfast::log
namespace holdfast::rules {
class Engine;
}
namespace holdfast::models {
class Engine;
}
namespace holdfast::query {
class Engine;
}

namespace holdfast::gateway {

class Once;
class WorkQueue;

// The handlers of docs/rest/, one function for each resource. What they take outlives the server
// and the queues; what blocks is done on the queue that is given, never on a session's thread.

void add_publish_routes(Router& router, broker::Publisher& publisher, const Once& once);
void add_produce_routes(Router& router, log::Log& log, const Clock& clock, const Once& once);
void add_record_routes(Router& router, log::Log& log, WorkQueue& queue);
void add_group_routes(Router& router, log::Log& log, log::GroupOffsets& groups, WorkQueue& queue);
void add_alarm_routes(Router& router, const alarms::Registry& alarms, WorkQueue& queue);

// Who would miss a stream: "rule 'x' reads it", one text for each. A stream with users is not
// deleted.
using StreamUsers = std::function<std::vector<std::string>(std::string_view stream)>;
// `changed` is called after a stream was made, altered or deleted. `queue` does one task at a time:
// nothing begins to use a stream between the look at its users and its end.
void add_stream_routes(Router& router, log::Log& log, StreamUsers users,
                       std::function<void()> changed, WorkQueue& queue);

// Definitions are changed on `changes`, one at a time as above; `reads` are for the rest.
void add_rule_routes(Router& router, rules::Engine& rules, const log::Log& log, WorkQueue& changes,
                     WorkQueue& reads);
void add_model_routes(Router& router, models::Engine& models, WorkQueue& changes, WorkQueue& reads);

struct BackupSize {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};
using BackUp = std::function<Result<BackupSize>(const std::filesystem::path& directory)>;
void add_backup_route(Router& router, BackUp back_up, WorkQueue& queue);

// Queries run on the engine's own threads.
void add_query_route(Router& router, query::Engine& engine);

void add_service_routes(Router& router, const log::Log& log, const Metrics& metrics,
                        WorkQueue& queue);
// `router` must live as long as its handlers are called.
void add_openapi_route(Router& router);

} // namespace holdfast::gateway
