#pragma once

#include <holdfast/base/log_line.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/config/model_file.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::config {

// The server's settings: docs/config.md says each key, its unit, its default and its bounds. The
// member defaults here are what holds without a file.

// An address to listen on.
struct Endpoint {
    std::string address;    // an IPv4 or IPv6 address, without brackets
    std::uint16_t port = 0; // 0 = a free one

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Listeners {
    std::optional<Endpoint> mqtt = Endpoint{"127.0.0.1", 1883};
    std::optional<Endpoint> http = Endpoint{"127.0.0.1", 8080};
};

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

enum class Durability : std::uint8_t { fsync, os };
enum class Compression : std::uint8_t { none, gzip, snappy, lz4, zstd };
enum class TimestampType : std::uint8_t { create, append };
enum class CleanupPolicy : std::uint8_t { expire, compact, compact_and_expire };

struct StreamConfig {
    std::string name;
    std::uint32_t partitions = 4;
    std::int64_t retention_ms = 7LL * 86'400'000; // from ingest time; -1 = for ever
    std::int64_t retention_bytes = -1;            // per partition; -1 = no bound
    Durability durability = Durability::fsync;
    Compression compression = Compression::none;
    std::uint32_t message_bytes_max = 1U << 20U;
    TimestampType timestamp_type = TimestampType::create;
    CleanupPolicy cleanup_policy = CleanupPolicy::expire;
    std::uint64_t delete_retention_ms = 86'400'000; // of tombstones
    double dirty_ratio_min = 0.5;                   // compacted when as much is new
};

// One row of the bridge. The first that matches a topic wins.
struct RouteConfig {
    std::string topic;
    std::string stream;
    std::string device; // `{capture}` text, `$.path` into the payload, or empty: the client id
};

struct MqttConfig {
    std::uint16_t keep_alive_max_s = 0; // 0 = as the client asks
    std::uint16_t receive_maximum = 1'024;
    std::uint32_t packet_bytes_max = 1'000'000;
    std::uint32_t connect_timeout_ms = 10'000;
    std::uint64_t session_queue_bytes = 32ULL << 20U;
    std::uint16_t topic_alias_maximum = 32;
    std::uint32_t subscriptions_max = 10'000;         // of one client
    std::uint32_t session_expiry_max_s = 7 * 86'400;  // of a session without a connection
    std::uint64_t session_messages_max = 100'000;     // waiting for one persistent session
    std::uint64_t session_bytes_max = 256ULL << 20U;  // of their topics and payloads
    std::uint64_t retained_bytes_max = 256ULL << 20U; // of all retained messages
};

struct Config {
    std::filesystem::path data_dir = "./holdfast-data";
    LogLevel log_level = LogLevel::info;
    std::uint32_t shards = 0; // 0 = one per core
    Listeners listeners;
    Limits limits;
    MqttConfig mqtt;
    std::vector<StreamConfig> streams; // `events` is added where the routes are the default ones
    std::vector<RouteConfig> bridge;
    std::vector<std::filesystem::path> rule_files; // existing files, in the globs' order
    std::vector<ModelFile> models;                 // read from the files that `models` names
};

// What holds without a file: one stream `events`, one route `#` to it.
[[nodiscard]] Config defaults();

// Reads and checks the file whole. Paths and globs in it are relative to its own directory, except
// data_dir, which is relative to the working directory. Errors: io (cannot be read), malformed;
// the context has one line `file:line: key: reason` for every mistake in the file, and in the model
// files that it names.
[[nodiscard]] Result<Config> load(const std::filesystem::path& file);

// The same from text; `name` stands for the file in errors.
[[nodiscard]] Result<Config> parse(const std::string& text, const std::filesystem::path& name);

} // namespace holdfast::config
