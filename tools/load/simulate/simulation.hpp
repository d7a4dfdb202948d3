#pragma once

#include <load/dial.hpp>
#include <load/simulate/fleet.hpp>

#include <cstdint>

namespace holdfast::load {

struct SimulateOptions {
    Endpoint mqtt;
    Endpoint http{"127.0.0.1", 8080};
    mqtt::Version version = mqtt::Version::v5;
    FleetSize fleet;
    double http_share = 0.25; // part of the cars that sends over HTTP; 0: none
    double rate_per_s = 5;    // messages per device
    double duration_s = 0;    // 0: until a signal
    std::uint64_t seed = 1;
    FaultPlan faults;
};

// Runs the fleet in real time. Prints on stdout, as JSON lines, every fault when it starts and
// a summary at the end; a progress line a second on stderr unless `quiet`. Gives the exit
// status: 0, or 1 where a message was refused or stayed unacknowledged.
// Errors: io, denied, malformed while connecting.
[[nodiscard]] Result<int> run_simulation(const SimulateOptions& options, bool quiet);

} // namespace holdfast::load
