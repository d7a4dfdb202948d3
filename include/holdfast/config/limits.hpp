#pragma once

#include <cstdint>

namespace holdfast::config {

struct Limits {
    std::uint64_t memory_bytes = 1ULL << 30U;
    std::uint64_t disk_bytes = 0; // 0 = the file system, less the reserve
    std::uint64_t disk_reserve_bytes = 64ULL << 20U;
    std::uint32_t connections = 100'000; // MQTT
    // All 0 = any number. An address of IPv6 is its network of 64 bits.
    std::uint32_t connections_per_address = 0;
    std::uint32_t connect_rate_per_address = 0; // a second
    std::uint32_t connections_per_user = 0;
    std::uint32_t message_rate_per_client = 0; // a second
    std::uint64_t byte_rate_per_client = 0;    // a second
    std::uint32_t http_connections = 1'024;
    std::uint64_t http_body_bytes = 8ULL << 20U;
    std::uint64_t http_idle_ms = 60'000;    // between requests of one connection
    std::uint64_t http_request_ms = 30'000; // to receive a request whole
};

} // namespace holdfast::config
