#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace holdfast {
class Clock;
class Metrics;
} // namespace holdfast
namespace holdfast::alarms {
class Registry;
}
namespace holdfast::log {
class Log;
}

namespace holdfast::gateway {

class Router;
class TopicView;
class WorkQueue;

// What live connections are made of. All outlives the server.
struct LiveParts {
    TopicView& topics;
    const alarms::Registry& alarms;
    const Metrics& metrics;
    const log::Log& log;
    const Clock& clock;
    // Of users and rights (identity::Authenticator::version()): a connection ends when it changes.
    std::function<std::uint64_t()> rights_version;
};

inline constexpr std::size_t kLiveConnectionsMax = 256;
inline constexpr std::size_t kLiveConnectionsOfUserMax = 64;

// GET /api/v1/live: one connection for all that a page follows.
void add_live_route(Router& router, LiveParts parts, WorkQueue& queue);

} // namespace holdfast::gateway
