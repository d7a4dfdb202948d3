#pragma once

#include <cstdint>

namespace holdfast::config {

struct Limits {
    std::uint64_t memory_bytes = 1ULL << 30U;
    std::uint64_t disk_bytes = 0; // 0 = the file system, less the reserve
    std::uint64_t disk_reserve_bytes = 64ULL << 20U;
    std::uint32_t connections = 100'000; // MQTT
    std::uint32_t http_connections = 1'024;
    std::uint64_t http_body_bytes = 8ULL << 20U;
    std::uint64_t http_idle_ms = 60'000;    // between requests of one connection
    std::uint64_t http_request_ms = 30'000; // to receive a request whole
};

} // namespace holdfast::config
