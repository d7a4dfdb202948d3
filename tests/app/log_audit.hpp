#pragma once

#include "app/fleet.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::test {

// (device, window start in ms) to the number of records in it.
using WindowCounts = std::map<std::pair<std::string, std::int64_t>, std::int64_t>;

// What a data directory holds, read through the log itself while no server has it open.
struct Audit {
    std::vector<std::string> faults; // empty: all is as promised
    std::int64_t records = 0;        // of the fleet
    std::int64_t duplicates = 0;     // of them, those that are there a second time
    WindowCounts expected;           // by device and window, without what came late
    WindowCounts emitted;            // what the rule has stored
};

// Opens the log in `data_dir` and looks for: offsets without gaps from log start to high watermark,
// checksums, every acknowledged message of `fleet`, each device's messages in order, a second
// copy only of what was sent twice. The rule of crash_test counts, per device and `window_ms`,
// the records of stream `telemetry` into stream `counts`; none of its outputs may be wrong or there
// twice. The fleet must not be running.
[[nodiscard]] Audit audit_log(const std::filesystem::path& data_dir, const Fleet& fleet,
                              std::int64_t window_ms);

} // namespace holdfast::test
