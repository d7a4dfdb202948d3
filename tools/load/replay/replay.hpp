#pragma once

#include <load/dial.hpp>

#include <cstddef>
#include <string>

namespace holdfast::load {

struct ReplayOptions {
    Endpoint endpoint;
    mqtt::Version version = mqtt::Version::v5;
    std::string file;
    std::string topic;
    std::string time_column; // empty: ts, timestamp, time or date, where there is one
    std::string device;      // empty: no "device" field
    std::string client_id = "replay";
    double speed = 1; // of the file's own time; 0: as fast as acknowledged
    std::size_t in_flight_max = 1'000;
};

// Publishes each row of a CSV file with a header line as JSON, QoS 1, in order. Prints one JSON
// line with the counts on stdout. Gives the exit status: 0, or 1 where a row was not
// acknowledged. Errors: io, denied, not_found (file, column), malformed with the line.
[[nodiscard]] Result<int> run_replay(const ReplayOptions& options);

} // namespace holdfast::load
