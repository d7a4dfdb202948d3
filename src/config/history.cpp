#include <config/sections.hpp>

#include <config/map_reader.hpp>

namespace holdfast::config {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20U;
constexpr std::uint64_t kTiB = 1ULL << 40U;
constexpr std::uint64_t kDayMs = 86'400'000;

} // namespace

void read_history(YAML::Node node, HistoryConfig& out, Mistakes& mistakes) {
    MapReader map(std::move(node), "history", mistakes);
    map.choice("enabled", out.is_enabled, {{"true", true}, {"false", false}});
    map.duration_ms("retention", out.retention_ms, kDayMs, 36'500 * kDayMs);
    map.bytes("memory", out.memory_bytes, kMiB, kTiB);
    map.bytes("behind_max", out.behind_bytes_max, 0, kTiB);
    map.integer("devices", out.devices, std::uint64_t{1}, std::uint64_t{10'000'000});
    map.integer("fields_per_device", out.fields_per_device, std::uint64_t{1},
                std::uint64_t{65'534});
    map.integer("new_series_per_minute", out.new_series_per_minute, std::uint64_t{1},
                std::uint64_t{10'000'000});
    map.bytes("text_bytes_max", out.text_bytes, 16, kMiB);
    map.finish();
}

} // namespace holdfast::config
