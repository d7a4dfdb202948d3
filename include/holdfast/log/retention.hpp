#pragma once

#include <holdfast/base/ids.hpp>

#include <cstdint>
#include <map>

namespace holdfast::log {

// What somebody beside the log, as history does, has not taken from it yet: retention leaves that
// in place, within a bound.
struct Wanted {
    std::map<PartitionId, Offset> from; // the first offset wanted; of other partitions nothing is
    std::uint64_t bytes_max = 0;        // of what is due and stays for it: past that the oldest go
};

// What one run of retention did about it.
struct Held {
    std::map<PartitionId, Offset> due_below; // records below would have gone, and stay
    std::uint64_t bytes = 0;                 // of them, about
    std::uint64_t released_bytes = 0;        // went although wanted, about
};

} // namespace holdfast::log
