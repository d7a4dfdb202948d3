#pragma once

#include <load/dial.hpp>
#include <load/wear/machine.hpp>

#include <cstddef>

namespace holdfast::load {

struct WearOptions {
    Endpoint endpoint;
    mqtt::Version version = mqtt::Version::v5;
    WearPlan plan;
    std::size_t devices = 20;
    double step_s = 3'600;           // of event time, between two samples of a machine
    std::size_t in_flight_max = 100; // per machine
};

// Sends the lives of all machines as fast as they are acknowledged, QoS 1, in order of event time;
// the last sample of each machine is of now, those before it are of the past. The client id is the
// machine's. Prints one JSON line with the counts on stdout. Gives the exit status: 0, or 1 where a
// message was refused or not acknowledged. Errors: malformed (the plan),
// limit_exceeded (lives that would begin before 2000), io, denied.
[[nodiscard]] Result<int> run_wear(const WearOptions& options);

} // namespace holdfast::load
