#pragma once

#include <holdfast/base/ids.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace holdfast::log {

// The records of one key that are to leave a stream.
struct Erasure {
    StreamId stream{};
    std::string key;
    // By partition, the offset below which they go; in partitions that are not here they stay.
    std::map<PartitionIndex, Offset> below;
    // Begun before and not known to have ended: tables are rewritten for what went then, too.
    bool is_resumed = false;
};

// What went.
struct Erased {
    std::uint64_t records = 0;
    std::uint64_t batches = 0; // that held them
};

} // namespace holdfast::log
