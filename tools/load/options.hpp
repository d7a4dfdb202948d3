#pragma once

#include <load/dial.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace holdfast::load {

enum class Shape { fanin, fanout, pairs };

// What every measuring scenario has in common.
struct RunOptions {
    Endpoint endpoint;
    mqtt::Version version = mqtt::Version::v311;
    double duration_s = 10;
    double warmup_s = 1;
    double drain_s = 10;  // how long, at the end, to wait for what is still under way
    pid_t server_pid = 0; // 0: do not measure the server
    bool json = false;
    bool quiet = false; // no progress line
};

struct MessageOptions {
    RunOptions run;
    Shape shape = Shape::fanin;
    std::size_t publishers = 100;
    std::size_t subscribers = 1; // pairs: equal to publishers
    unsigned qos = 1;
    std::size_t payload_bytes = 64;
    std::size_t window = 20;
    std::size_t refill = 0;      // messages of a window that must be free to send; 0: half of it
    std::uint64_t gather_us = 0; // wait so long between turns, so that a turn finds more to do
    double rate_per_s = 0;       // 0: closed loop
    bool spin = false;           // poll instead of sleeping: a core for the generator alone
    std::string prefix = "load";
};

} // namespace holdfast::load
