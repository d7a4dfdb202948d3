#pragma once

#include <cstddef>

namespace holdfast {
class Clock;
}
namespace holdfast::alarms {
class Registry;
}
namespace holdfast::history {
class Store;
}
namespace holdfast::log {
class Log;
}
namespace holdfast::models {
class Engine;
}

namespace holdfast::gateway {

class Router;
class WorkQueue;

// What models say of stored samples: GET /api/v1/models/{name}/series and /thresholds. `store`
// null: no history is kept, both are 404. `alarms` has what alarms were labelled. `queue` has
// threads that may work for as long as an answer is made and read; `bytes_max` is what one of them
// may hold in memory. All outlive the server.
void add_model_replay_routes(Router& router, const models::Engine& engine,
                             const alarms::Registry& alarms, const history::Store* store,
                             const log::Log& log, const Clock& clock, WorkQueue& queue,
                             std::size_t bytes_max);

} // namespace holdfast::gateway
