#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace holdfast::kv {
class Storage;
}

namespace holdfast::history {

// What is over one of these stays in the log alone, and is counted with the offender's name.
struct Bounds {
    std::size_t devices = 100'000;
    std::size_t fields_per_device = 1'000;
    std::size_t new_series_per_minute = 100'000; // groups, by the minute in which messages arrived
    std::size_t text_bytes = 64U << 10U;
};

struct StoreOptions {
    std::filesystem::path directory;           // made if absent; locked while open
    std::shared_ptr<kv::Storage> storage{};    // null: the real file system
    std::size_t heads_bytes_max = 256U << 20U; // counted in the memory account
    std::size_t database_bytes = 64U << 20U;   // write buffers and cache: the opener's to account
    // Nothing is sealed (no_space) while less is free: a write that failed needs reopen().
    std::uint64_t disk_reserve_bytes = 0;
    std::int64_t partition_us = 7 * 86'400'000'000; // the span of time that retention drops at once
    std::size_t chunk_rows = 2'048;
    std::size_t scan_bytes_max = 256U << 20U; // of one scan in memory
    Bounds bounds{};
};

} // namespace holdfast::history
