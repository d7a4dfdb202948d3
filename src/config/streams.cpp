#include <config/sections.hpp>

#include <config/map_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

namespace holdfast::config {
namespace {

// Only what the types hold: the log knows the bounds, and checks them for every door alike.
constexpr std::uint64_t kForEver = std::numeric_limits<std::int64_t>::max();
constexpr std::uint32_t kAny32 = std::numeric_limits<std::uint32_t>::max();
constexpr double kAnyNumber = std::numeric_limits<double>::max();

// As topic::is_stream_name(), which stands on this floor's neighbour.
bool is_stream_name(std::string_view name) {
    const auto legal = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
           std::ranges::all_of(name, legal);
}

void read_retention(YAML::Node node, const std::string& path, StreamConfig& out,
                    Mistakes& mistakes) {
    MapReader map(std::move(node), path, mistakes);
    const auto time = map.scalar("time", "a duration or forever");
    if (time && time->Scalar() == "forever") {
        out.retention_ms = -1;
    } else if (time) {
        auto ms = static_cast<std::uint64_t>(out.retention_ms);
        map.duration_ms("time", ms, 0, kForEver);
        out.retention_ms = static_cast<std::int64_t>(ms);
    }
    const auto bytes = map.scalar("bytes", "a size or unlimited");
    if (bytes && bytes->Scalar() != "unlimited") {
        std::uint64_t size = 0;
        map.bytes("bytes", size, 0, kForEver);
        out.retention_bytes = static_cast<std::int64_t>(size);
    }
    map.finish();
}

void read_history_of(YAML::Node node, const std::string& path, StreamConfig& out,
                     Mistakes& mistakes) {
    constexpr std::uint64_t kDayMs = 86'400'000;
    if (node.IsScalar() && node.Scalar() == "off") {
        out.is_in_history = false;
        return;
    }
    MapReader map(std::move(node), path, mistakes);
    if (map.take("retention")) {
        std::uint64_t ms = kDayMs;
        map.duration_ms("retention", ms, kDayMs, 36'500 * kDayMs);
        out.history_retention_ms = ms;
    }
    map.finish();
}

StreamConfig read_stream(const std::string& name, YAML::Node node, Mistakes& mistakes) {
    StreamConfig out;
    out.name = name;
    const std::string path = "streams." + name;
    MapReader map(std::move(node), path, mistakes);
    map.integer("partitions", out.partitions, 0U, kAny32);
    if (auto retention = map.take("retention"))
        read_retention(*retention, path + ".retention", out, mistakes);
    if (auto history = map.take("history"))
        read_history_of(*history, path + ".history", out, mistakes);
    map.choice("durability", out.durability,
               {{"fsync", Durability::fsync}, {"os", Durability::os}});
    map.choice("compression", out.compression,
               {{"none", Compression::none},
                {"gzip", Compression::gzip},
                {"snappy", Compression::snappy},
                {"lz4", Compression::lz4},
                {"zstd", Compression::zstd}});
    map.choice("timestamp_type", out.timestamp_type,
               {{"create", TimestampType::create}, {"append", TimestampType::append}});
    map.choice("cleanup_policy", out.cleanup_policy,
               {{"delete", CleanupPolicy::expire},
                {"compact", CleanupPolicy::compact},
                {"compact,delete", CleanupPolicy::compact_and_expire}});
    map.duration_ms("delete_retention", out.delete_retention_ms, 0, kForEver);
    map.number("dirty_ratio_min", out.dirty_ratio_min, -kAnyNumber, kAnyNumber);
    std::uint64_t message_bytes = out.message_bytes_max;
    map.bytes("message_bytes_max", message_bytes, 0, kAny32);
    out.message_bytes_max = static_cast<std::uint32_t>(message_bytes);
    map.finish();
    return out;
}

} // namespace

void read_streams(const YAML::Node& node, std::vector<StreamConfig>& out, Mistakes& mistakes) {
    if (!node.IsMap()) {
        mistakes.add(node.Mark(), "streams", "a map of stream names is expected");
        return;
    }
    out.clear();
    std::set<std::string> names;
    for (const auto& entry : node) {
        const YAML::Node& key = entry.first;
        const YAML::Node& value = entry.second;
        const std::string name = key.IsScalar() ? key.Scalar() : "";
        if (!is_stream_name(name))
            mistakes.add(
                key.Mark(), "streams",
                fmt::format("'{}' is not a stream name: 1 to 249 of a-z A-Z 0-9 . _ -", name));
        else if (!names.insert(name).second)
            mistakes.add(key.Mark(), "streams." + name, "given twice");
        else {
            out.push_back(read_stream(name, value, mistakes));
            out.back().where = mistakes.where(key.Mark(), "streams." + name);
        }
    }
}

} // namespace holdfast::config
