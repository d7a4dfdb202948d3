#include <config/sections.hpp>

#include <config/map_reader.hpp>

namespace holdfast::config {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20U;
constexpr std::uint64_t kTiB = 1ULL << 40U;
constexpr std::uint64_t kDayMs = 86'400'000;

} // namespace

void read_limits(YAML::Node node, Limits& out, Mistakes& mistakes) {
    MapReader map(std::move(node), "limits", mistakes);
    map.bytes("memory", out.memory_bytes, 64 * kMiB, kTiB);
    map.bytes("disk", out.disk_bytes, 64 * kMiB, 1024 * kTiB, true);
    map.bytes("disk_reserve", out.disk_reserve_bytes, kMiB, kTiB);
    map.integer("connections", out.connections, 1U, 1'000'000U);
    map.integer("connections_per_address", out.connections_per_address, 0U, 1'000'000U);
    map.integer("connect_rate_per_address", out.connect_rate_per_address, 0U, 1'000'000U);
    map.integer("connections_per_user", out.connections_per_user, 0U, 1'000'000U);
    map.integer("message_rate_per_client", out.message_rate_per_client, 0U, 10'000'000U);
    map.bytes("byte_rate_per_client", out.byte_rate_per_client, 1024, kTiB, true);
    map.integer("http_connections", out.http_connections, 1U, 100'000U);
    map.bytes("http_body", out.http_body_bytes, 1024, 256 * kMiB);
    map.duration_ms("http_idle", out.http_idle_ms, 100, kDayMs);
    map.duration_ms("http_request", out.http_request_ms, 100, kDayMs);
    map.finish();
}

} // namespace holdfast::config
