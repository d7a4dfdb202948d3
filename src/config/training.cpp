#include <config/sections.hpp>

#include <config/map_reader.hpp>

namespace holdfast::config {

void read_training(YAML::Node node, TrainingConfig& out, Mistakes& mistakes) {
    constexpr std::uint64_t kMiB = 1ULL << 20U;
    constexpr std::uint64_t kTiB = 1ULL << 40U;
    MapReader map(std::move(node), "training", mistakes);
    map.bytes("memory", out.memory_bytes, 16 * kMiB, kTiB);
    map.integer("versions", out.versions, 2U, 1000U);
    map.finish();
}

} // namespace holdfast::config
