#pragma once

#include "app/audit_log.hpp"
#include "app/housekeeping.hpp"
#include "app/server_alarms.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/base/expiry_clock.hpp>
#include <holdfast/base/memory_account.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/config/config.hpp>

#include <stop_token>
#include <utility>

namespace holdfast::app {

// What all parts stand on. Outlives them.
struct Ground {
    explicit Ground(config::Config given)
        : config(std::move(given)), memory(config.limits.memory_bytes) {}

    const config::Config config;
    SystemClock clock;
    ExpiryClock expiry_clock{clock};
    Metrics metrics;
    AuditLog audit{clock, metrics}; // written while the audit's part runs
    ServerAlarms alarms{clock};     // raised and cleared while the alarms' part runs
    MemoryAccount memory;
    Housekeeping housekeeping{clock};
    std::stop_source stopping; // of what takes long: asked to end before the parts are stopped
};

} // namespace holdfast::app
