#pragma once

#include <holdfast/base/ids.hpp>

#include <cstdint>
#include <string>

namespace holdfast::log {

// What verify() came across in one place.
struct Damage {
    PartitionId partition;
    std::string place; // stream/partition
    Offset first = 0;  // the offsets concerned, both included
    Offset last = 0;
    std::string what;
};

struct Verified {
    std::uint64_t partitions = 0;
    std::uint64_t batches = 0; // sound ones
    std::uint64_t records = 0; // in them
    std::uint64_t bytes = 0;
    std::uint64_t damages = 0;
};

// What compaction took out of partitions, about.
struct Compacted {
    std::uint64_t partitions = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0; // of batches; tables give their space back a little later
};

} // namespace holdfast::log
