#pragma once

#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/gateway/http/router.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/log/log.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>

namespace holdfast::log {
class GroupOffsets;
}
namespace holdfast::rules {
class Engine;
}
namespace holdfast::models {
class Engine;
}

namespace holdfast::gateway {

class IdempotencyKeys;

struct BackupSize {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

// What the REST handlers (docs/rest/) work on. All of it outlives the server and the queue.
struct RestParts {
    log::Log& log;
    const Clock& clock;
    broker::Publisher& publisher;
    alarms::Registry& alarms;
    Metrics& metrics;
    WorkQueue& work;                               // for what blocks: disk reads, stream changes
    std::function<void()> streams_changed = [] {}; // after a stream was made, altered or deleted
    rules::Engine* rules = nullptr;                // without: no /api/v1/rules
    models::Engine* models = nullptr;              // without: no /api/v1/models
    log::GroupOffsets* groups = nullptr;           // without: no /api/v1/groups
    IdempotencyKeys* idempotency = nullptr;        // without: the header is refused
    // Makes a backup in a directory of the server. Without: no /api/v1/backup.
    std::function<Result<BackupSize>(const std::filesystem::path&)> back_up{};
};

// Adds every endpoint of docs/rest/. `parts` are copied into the handlers.
void add_rest_routes(Router& router, const RestParts& parts);

void add_publish_routes(Router& router, const RestParts& parts);
void add_produce_routes(Router& router, const RestParts& parts);
void add_stream_routes(Router& router, const RestParts& parts);
void add_group_routes(Router& router, const RestParts& parts);
void add_record_routes(Router& router, const RestParts& parts);
void add_alarm_routes(Router& router, const RestParts& parts);
void add_rule_routes(Router& router, const RestParts& parts);
void add_model_routes(Router& router, const RestParts& parts);
void add_backup_route(Router& router, const RestParts& parts);
void add_service_routes(Router& router, const RestParts& parts);
// `router` must live as long as its handlers are called.
void add_openapi_route(Router& router);

} // namespace holdfast::gateway
