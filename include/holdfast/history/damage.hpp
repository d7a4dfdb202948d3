#pragma once

#include <holdfast/base/ids.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace holdfast::history {

// A time partition that does not read, whole or in part.
struct DamagedPartition {
    std::string family;       // its name on the disk
    std::int64_t from_us = 0; // times of its rows: from_us <= time < to_us
    std::int64_t to_us = 0;
    // By partition of the log: it has no row of an offset before. kNever: it has some of a log that
    // is no more.
    std::map<PartitionId, Offset> floors;
    std::string why;

    static constexpr Offset kNever = -1;
};

} // namespace holdfast::history
