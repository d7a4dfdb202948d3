#pragma once

#include "history/head.hpp"
#include "history/keys.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace holdfast::history {

// A time partition that was emptied, and is told again what the log had of it.
struct Rebuild {
    std::string family;
    std::int64_t start_us = 0;
    std::map<PartitionId, Offset> told_below; // rows from there on come by themselves
    std::map<GroupId, Head> heads;            // what was told again and is in no chunk yet
    std::size_t bytes = 0;                    // of them
};

} // namespace holdfast::history
