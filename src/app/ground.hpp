#pragma once

#include "app/housekeeping.hpp"

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
    MemoryAccount memory;
    Housekeeping housekeeping{clock};
    std::stop_source stopping; // of what takes long: asked to end before the parts are stopped
};

} // namespace holdfast::app
