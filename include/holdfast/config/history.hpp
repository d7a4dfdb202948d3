#pragma once

#include <cstdint>

namespace holdfast::config {

struct HistoryConfig {
    bool is_enabled = true;
    std::uint64_t retention_ms = 365ULL * 86'400'000;
    std::uint64_t memory_bytes = 256ULL << 20U;   // of rows that are not in chunks yet
    std::uint64_t behind_bytes_max = 1ULL << 30U; // of the log, kept for it beyond their retention
    std::uint64_t devices = 100'000;
    std::uint64_t fields_per_device = 1'000;
    std::uint64_t new_series_per_minute = 100'000;
    std::uint64_t text_bytes = 64ULL << 10U;
};

} // namespace holdfast::config
