#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/gateway/http/router.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {
class Clock;
class MemoryAccount;
class Metrics;
} // namespace holdfast
namespace holdfast::alarms {
class Registry;
}
namespace holdfast::broker {
class Clients;
class Publisher;
} // namespace holdfast::broker
namespace holdfast::history {
class DeviceErasures;
class Store;
} // namespace holdfast::history
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

class NotebookStore;
class Once;
class WorkQueue;

// The handlers of docs/rest/, one function for each resource. What they take outlives the server
// and the queues; what blocks is done on the queue that is given, never on a session's thread.

void add_publish_routes(Router& router, broker::Publisher& publisher, const Once& once);
void add_produce_routes(Router& router, log::Log& log, const Clock& clock, const Once& once);
// InfluxDB's line protocol into streams. `queue` decodes; `memory` is charged with what waits.
void add_influx_routes(Router& router, log::Log& log, const Clock& clock, MemoryAccount& memory,
                       Metrics& metrics, WorkQueue& queue);
void add_record_routes(Router& router, log::Log& log, WorkQueue& queue);
void add_group_routes(Router& router, log::Log& log, log::GroupOffsets& groups, WorkQueue& queue);
void add_alarm_routes(Router& router, const alarms::Registry& alarms, WorkQueue& queue);
// POST /api/v1/alarms/{id}/ack. `queue` does one task at a time: the last one holds.
void add_acknowledge_route(Router& router, log::Log& log, alarms::Registry& alarms,
                           const Clock& clock, WorkQueue& queue);
// POST /api/v1/alarms/{id}/label. The same queue: which label goes for another is decided once.
void add_label_route(Router& router, log::Log& log, alarms::Registry& alarms, const Clock& clock,
                     WorkQueue& queue);
// MQTT clients. `queue` writes the answers.
void add_client_routes(Router& router, broker::Clients& clients, WorkQueue& queue);
// Of the streams that the caller may read. `store` null: no history is kept, all is 404.
void add_device_routes(Router& router, const history::Store* store, const log::Log& log,
                       WorkQueue& queue);
// Erasure of a device from history and log. `erasures` null: as above.
void add_device_erasure_routes(Router& router, history::DeviceErasures* erasures,
                               const log::Log& log, const Clock& clock, WorkQueue& queue);
// Answers are streamed to whoever reads them: `queue` has threads of its own for that.
// `bytes_max`: what one of them may hold in memory. `store` as above.
void add_history_routes(Router& router, const history::Store* store, const log::Log& log,
                        const Clock& clock, WorkQueue& queue, std::size_t bytes_max);
// The same, for pairs of fields.
void add_correlation_route(Router& router, const history::Store* store, const log::Log& log,
                           const Clock& clock, WorkQueue& queue, std::size_t bytes_max);

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
// Labels of a model's alarms.
void add_model_label_route(Router& router, const models::Engine& models,
                           const alarms::Registry& alarms, WorkQueue& queue);

// Notebooks of the page. `changes` as above.
void add_notebook_routes(Router& router, NotebookStore& store, WorkQueue& changes,
                         WorkQueue& reads);

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
// MQTT over WebSocket, at /mqtt: what is no opening handshake is told so.
void add_mqtt_route(Router& router);
// The page at / and its files at /assets/ (page.hpp).
void add_page_routes(Router& router);
// `router` must live as long as its handlers are called.
void add_openapi_route(Router& router);

} // namespace holdfast::gateway
