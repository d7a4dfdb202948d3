#include <holdfast/config/config.hpp>

#include <config/endpoint.hpp>
#include <config/map_reader.hpp>

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <limits>
#include <set>

namespace holdfast::config {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20U;
constexpr std::uint64_t kTiB = 1ULL << 40U;
constexpr std::uint64_t kDayMs = 86'400'000;
constexpr std::uint64_t kForEver = std::numeric_limits<std::int64_t>::max();

// As topic::is_stream_name(), which stands on this floor's neighbour.
bool is_stream_name(std::string_view name) {
    const auto legal = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
           std::ranges::all_of(name, legal);
}

void read_listener(MapReader& map, std::string_view key, std::optional<Endpoint>& out) {
    const auto node = map.scalar(key, "address:port or off");
    if (!node) return;
    if (node->Scalar() == "off") {
        out.reset();
        return;
    }
    auto endpoint = parse_endpoint(node->Scalar());
    if (endpoint)
        out = std::move(endpoint).value();
    else
        map.wrong(*node, key, endpoint.error().context);
}

void read_listeners(YAML::Node node, Listeners& out, Mistakes& mistakes) {
    MapReader map(std::move(node), "listeners", mistakes);
    read_listener(map, "mqtt", out.mqtt);
    read_listener(map, "http", out.http);
    for (const std::string_view key : {"kafka", "amqp"}) {
        const auto listener = map.scalar(key, "off");
        if (listener && listener->Scalar() != "off")
            map.wrong(*listener, key, "not served by this version yet: only `off`");
    }
    map.finish();
}

void read_limits(YAML::Node node, Limits& out, Mistakes& mistakes) {
    MapReader map(std::move(node), "limits", mistakes);
    map.bytes("memory", out.memory_bytes, 64 * kMiB, kTiB);
    map.bytes("disk", out.disk_bytes, 64 * kMiB, 1024 * kTiB, true);
    map.bytes("disk_reserve", out.disk_reserve_bytes, kMiB, kTiB);
    map.integer("connections", out.connections, 1U, 1'000'000U);
    map.integer("http_connections", out.http_connections, 1U, 100'000U);
    map.bytes("http_body", out.http_body_bytes, 1024, 256 * kMiB);
    map.duration_ms("http_idle", out.http_idle_ms, 100, kDayMs);
    map.duration_ms("http_request", out.http_request_ms, 100, kDayMs);
    map.finish();
}

void read_mqtt(YAML::Node node, MqttConfig& out, Mistakes& mistakes) {
    MapReader map(std::move(node), "mqtt", mistakes);
    std::uint64_t keep_alive_max_ms = out.keep_alive_max_s * 1'000ULL;
    map.duration_ms("keep_alive_max", keep_alive_max_ms, 0, 65'535'000);
    out.keep_alive_max_s = static_cast<std::uint16_t>((keep_alive_max_ms + 999) / 1'000);
    map.integer("receive_maximum", out.receive_maximum, std::uint16_t{1}, std::uint16_t{65'535});
    std::uint64_t packet_bytes = out.packet_bytes_max;
    map.bytes("packet_bytes_max", packet_bytes, 256, 64 * kMiB);
    out.packet_bytes_max = static_cast<std::uint32_t>(packet_bytes);
    std::uint64_t connect_timeout = out.connect_timeout_ms;
    map.duration_ms("connect_timeout", connect_timeout, 100, 600'000);
    out.connect_timeout_ms = static_cast<std::uint32_t>(connect_timeout);
    map.bytes("session_queue", out.session_queue_bytes, 64 * 1024, 4096 * kMiB);
    map.integer("topic_alias_maximum", out.topic_alias_maximum, std::uint16_t{0},
                std::uint16_t{1'024});
    map.integer("subscriptions_max", out.subscriptions_max, 1U, 1'000'000U);
    std::uint64_t expiry_max_ms = out.session_expiry_max_s * 1'000ULL;
    map.duration_ms("session_expiry_max", expiry_max_ms, 0, 3'650 * kDayMs);
    out.session_expiry_max_s = static_cast<std::uint32_t>((expiry_max_ms + 999) / 1'000);
    map.integer("session_messages", out.session_messages_max, std::uint64_t{1},
                std::uint64_t{100'000'000});
    map.bytes("session_bytes", out.session_bytes_max, 64 * 1024, 1024 * 1024 * kMiB);
    map.bytes("retained_bytes", out.retained_bytes_max, 0, 64 * 1024 * kMiB);
    map.finish();
}

void read_retention(YAML::Node node, const std::string& path, StreamConfig& out,
                    Mistakes& mistakes) {
    MapReader map(std::move(node), path, mistakes);
    const auto time = map.scalar("time", "a duration or forever");
    if (time && time->Scalar() == "forever") {
        out.retention_ms = -1;
    } else if (time) {
        auto ms = static_cast<std::uint64_t>(out.retention_ms);
        map.duration_ms("time", ms, 1'000, 36'500 * kDayMs);
        out.retention_ms = static_cast<std::int64_t>(ms);
    }
    const auto bytes = map.scalar("bytes", "a size or unlimited");
    if (bytes && bytes->Scalar() != "unlimited") {
        std::uint64_t size = 0;
        map.bytes("bytes", size, kMiB, kForEver);
        if (size != 0) out.retention_bytes = static_cast<std::int64_t>(size);
    }
    map.finish();
}

StreamConfig read_stream(const std::string& name, YAML::Node node, Mistakes& mistakes) {
    StreamConfig out;
    out.name = name;
    const std::string path = "streams." + name;
    MapReader map(std::move(node), path, mistakes);
    map.integer("partitions", out.partitions, 1U, 10'000U);
    if (auto retention = map.take("retention"))
        read_retention(*retention, path + ".retention", out, mistakes);
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
    map.duration_ms("delete_retention", out.delete_retention_ms, 0, 36'500 * kDayMs);
    map.number("dirty_ratio_min", out.dirty_ratio_min, 0, 1);
    std::uint64_t message_bytes = out.message_bytes_max;
    map.bytes("message_bytes_max", message_bytes, 1024, 64 * kMiB);
    out.message_bytes_max = static_cast<std::uint32_t>(message_bytes);
    map.finish();
    return out;
}

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
        else
            out.push_back(read_stream(name, value, mistakes));
    }
}

void read_bridge(const YAML::Node& node, const std::vector<StreamConfig>& streams,
                 std::vector<RouteConfig>& out, Mistakes& mistakes) {
    if (!node.IsSequence()) {
        mistakes.add(node.Mark(), "bridge", "a list of routes is expected");
        return;
    }
    out.clear();
    for (const auto& item : node) {
        const std::string path = fmt::format("bridge[{}]", out.size());
        MapReader map(item, path, mistakes);
        RouteConfig& route = out.emplace_back();
        map.text("topic", route.topic);
        map.text("stream", route.stream);
        map.text("device", route.device);
        map.finish();
        if (!item.IsMap()) continue;
        if (route.topic.empty()) map.wrong(item, "topic", "is missing");
        if (route.stream.empty())
            map.wrong(item, "stream", "is missing");
        else if (std::ranges::find(streams, route.stream, &StreamConfig::name) == streams.end())
            map.wrong(item, "stream",
                      fmt::format("there is no stream '{}' under `streams`", route.stream));
    }
}

struct GlobResult {
    ~GlobResult() { globfree(&found); }
    glob_t found{};
};

// The files that the patterns name, each pattern's in the order of their names.
std::vector<std::filesystem::path> expand(MapReader& map, std::string_view key,
                                          const std::filesystem::path& directory) {
    std::vector<std::string> patterns;
    map.texts(key, patterns);
    std::vector<std::filesystem::path> files;
    for (const std::string& pattern : patterns) {
        GlobResult result;
        const auto full = (directory / pattern).string();
        const int outcome = glob(full.c_str(), GLOB_ERR, nullptr, &result.found);
        const bool is_plain = pattern.find_first_of("*?[") == std::string::npos;
        if (outcome != 0 && (outcome != GLOB_NOMATCH || is_plain)) {
            map.wrong(map.node()[std::string(key)], key, fmt::format("no file '{}'", full));
            continue;
        }
        for (std::size_t i = 0; i < result.found.gl_pathc; ++i)
            if (const std::filesystem::path file = result.found.gl_pathv[i];
                std::ranges::find(files, file) == files.end())
                files.push_back(file);
    }
    return files;
}

void read_models(MapReader& map, const std::filesystem::path& directory,
                 std::vector<ModelFile>& out, Mistakes& mistakes) {
    for (const auto& file : expand(map, "models", directory)) {
        auto model = load_model(file);
        if (!model) {
            mistakes.add_all_of(model.error());
            continue;
        }
        const auto other = std::ranges::find(out, model.value().name, &ModelFile::name);
        if (other != out.end())
            mistakes.add_all_of(fail(
                Errc::malformed, fmt::format("{}:1: name: '{}' is the name of {} too",
                                             file.string(), other->name, other->file.string())));
        else
            out.push_back(std::move(model).value());
    }
}

} // namespace

Config defaults() {
    Config config;
    config.streams.emplace_back().name = "events";
    config.bridge.push_back({"#", "events", ""});
    return config;
}

Result<Config> parse(const std::string& text, const std::filesystem::path& name) {
    HF_TRY(const YAML::Node document, read_yaml(text, name));
    Config config = defaults();
    Mistakes mistakes(name);
    MapReader map(document, "", mistakes);

    std::string data_dir = config.data_dir.string();
    map.text("data_dir", data_dir);
    config.data_dir = data_dir;
    map.choice("log_level", config.log_level,
               {{"debug", LogLevel::debug},
                {"info", LogLevel::info},
                {"warn", LogLevel::warn},
                {"error", LogLevel::error}});
    map.integer("shards", config.shards, 0U, 256U);
    if (auto node = map.take("listeners")) read_listeners(*node, config.listeners, mistakes);
    if (auto node = map.take("limits")) read_limits(*node, config.limits, mistakes);
    if (auto node = map.take("mqtt")) read_mqtt(*node, config.mqtt, mistakes);

    const auto streams = map.take("streams");
    const auto bridge = map.take("bridge");
    if (streams) read_streams(*streams, config.streams, mistakes);
    // The default route needs its stream, whatever other streams there are.
    if (!bridge &&
        std::ranges::find(config.streams, "events", &StreamConfig::name) == config.streams.end())
        config.streams.emplace_back().name = "events";
    if (bridge) read_bridge(*bridge, config.streams, config.bridge, mistakes);

    map.refuse("history", "the history store is not served by this version yet");
    config.rule_files = expand(map, "rules", name.parent_path());
    read_models(map, name.parent_path(), config.models, mistakes);
    map.finish();
    if (!mistakes.empty()) return mistakes.error();
    return config;
}

Result<Config> load(const std::filesystem::path& file) {
    HF_TRY(const std::string text, read_file(file));
    return parse(text, file);
}

} // namespace holdfast::config
