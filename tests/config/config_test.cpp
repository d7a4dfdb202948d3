// Goal: every key of docs/config.md is accepted and lands where it should; every kind of mistake is
// reported with its line; no mistake hides another. Method: YAML texts and temporary files.
#include <holdfast/config/config.hpp>

#include <catch2/catch.hpp>

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace holdfast;

namespace {

std::string read_text(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

// The keys in the first column of the table of docs/config.md, up to the model files' table.
std::vector<std::string> documented_keys() {
    std::istringstream lines(read_text("docs/config.md"));
    std::vector<std::string> keys;
    for (std::string line; std::getline(lines, line) && line != "## Model files";)
        if (line.starts_with("| `")) keys.push_back(line.substr(3, line.find('`', 3) - 3));
    return keys;
}

constexpr const char* kEverything = R"(
data_dir: /var/lib/holdfast
log_level: debug
shards: 3
access: access.yaml
users: users
listeners: {mqtt: "127.0.0.2:0", http: off, kafka: off, amqp: off}
limits:
  memory: 2GiB
  disk: 10 GB
  disk_reserve: 1MiB
  connections: 7
  connections_per_address: 71
  connect_rate_per_address: 72
  connections_per_user: 73
  message_rate_per_client: 74
  byte_rate_per_client: 75KiB
  http_connections: 8
  http_body: 1KiB
  http_idle: 1m 30s
  http_request: 200ms
mqtt:
  keep_alive_max: 5m
  receive_maximum: 10
  packet_bytes_max: 64KiB
  refused_publish: drop
  connect_timeout: 3s
  session_queue: 1MiB
  topic_alias_maximum: 0
  subscriptions_max: 5
  session_expiry_max: 90s
  session_messages: 7
  session_bytes: 1MiB
  retained_bytes: 2MiB
streams:
  telemetry:
    partitions: 8
    retention: {time: 7d, bytes: 20GiB}
    durability: os
    compression: zstd
    message_bytes_max: 2MiB
    timestamp_type: append
    cleanup_policy: compact,delete
    delete_retention: 2h
    dirty_ratio_min: 0.25
    history: {retention: 30d}
  events:
    retention: {time: forever, bytes: unlimited}
    history: off
bridge:
  - {topic: "fleet/{device}/telemetry", stream: telemetry, device: "{device}"}
  - {topic: "#", stream: events}
history:
  enabled: true
  retention: 90d
  memory: 64MiB
  behind_max: 2GiB
  devices: 11
  fields_per_device: 12
  new_series_per_minute: 13
  text_bytes_max: 1KiB
training: {memory: 64MiB, versions: 3}
rules: []
models: []
)";

class TempDir {
public:
    TempDir()
        : path_(std::filesystem::temp_directory_path() /
                ("holdfast-config-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(path_);
    }
    ~TempDir() { std::filesystem::remove_all(path_); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
    }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
        return path_ / name;
    }

private:
    std::filesystem::path path_;
};

} // namespace

TEST_CASE("users and rights are two files beside the configuration, both or none", "[config]") {
    const auto both = config::parse("access: access.yaml\nusers: users\n", "/etc/hf/hf.yaml");
    REQUIRE(both);
    CHECK(both.value().security.has_users());
    CHECK(both.value().security.access == "/etc/hf/access.yaml");
    CHECK(both.value().security.users == "/etc/hf/users");

    const auto one = config::parse("data_dir: d\nusers: users\n", "hf.yaml");
    REQUIRE_FALSE(one);
    CHECK(
        one.error().context ==
        "hf.yaml:2: users: needs `access` beside it: roles and rules are in one file, users in the "
        "other");
    CHECK_FALSE(config::parse("access: \"\"\nusers: u\n", "hf.yaml"));
    CHECK_FALSE(config::defaults().security.has_users());
}

TEST_CASE("without a file or a key the defaults hold", "[config]") {
    const auto empty = config::parse("", "x.yaml");
    REQUIRE(empty);
    const auto config = config::defaults();
    CHECK(empty.value().listeners.mqtt.at(0).endpoint == config.listeners.mqtt.at(0).endpoint);
    REQUIRE(config.streams.size() == 1);
    CHECK(config.streams[0].name == "events");
    REQUIRE(config.bridge.size() == 1);
    CHECK(config.bridge[0].topic == "#");
    CHECK(config.listeners.http.at(0).endpoint.port == 8080);
}

TEST_CASE("every key is read into its field and unit", "[config]") {
    const auto parsed = config::parse(kEverything, "x.yaml");
    REQUIRE(parsed);
    const auto& config = parsed.value();
    CHECK(config.data_dir == "/var/lib/holdfast");
    CHECK(config.log_level == LogLevel::debug);
    CHECK(config.shards == 3);
    CHECK(config.listeners.mqtt.at(0).endpoint == config::Endpoint{"127.0.0.2", 0});
    CHECK(config.listeners.http.empty());
    CHECK(config.limits.memory_bytes == 2ULL << 30U);
    CHECK(config.limits.disk_bytes == 10'000'000'000);
    CHECK(config.streams[0].history_retention_ms == 30ULL * 86'400'000);
    CHECK(config.streams[0].is_in_history);
    CHECK_FALSE(config.streams[1].is_in_history);
    CHECK(config.training.memory_bytes == 64U << 20U);
    CHECK(config.training.versions == 3);
    CHECK(config.history.is_enabled);
    CHECK(config.history.retention_ms == 90ULL * 86'400'000);
    CHECK(config.history.memory_bytes == 64ULL << 20U);
    CHECK(config.history.behind_bytes_max == 2ULL << 30U);
    CHECK(config.history.devices == 11);
    CHECK(config.history.fields_per_device == 12);
    CHECK(config.history.new_series_per_minute == 13);
    CHECK(config.history.text_bytes == 1024);
    CHECK(config.limits.disk_reserve_bytes == 1U << 20U);
    CHECK(config.limits.connections == 7);
    CHECK(config.limits.connections_per_address == 71);
    CHECK(config.limits.connect_rate_per_address == 72);
    CHECK(config.limits.connections_per_user == 73);
    CHECK(config.limits.message_rate_per_client == 74);
    CHECK(config.limits.byte_rate_per_client == 75 * 1024);
    CHECK(config.limits.http_connections == 8);
    CHECK(config.limits.http_body_bytes == 1024);
    CHECK(config.limits.http_idle_ms == 90'000);
    CHECK(config.limits.http_request_ms == 200);
    CHECK(config.mqtt.keep_alive_max_s == 300);
    CHECK(config.mqtt.receive_maximum == 10);
    CHECK(config.mqtt.packet_bytes_max == 65'536);
    CHECK(config.mqtt.refused_publish == config::RefusedPublish::drop);
    CHECK(config.mqtt.connect_timeout_ms == 3'000);
    CHECK(config.mqtt.session_queue_bytes == 1U << 20U);
    CHECK(config.mqtt.topic_alias_maximum == 0);
    CHECK(config.mqtt.subscriptions_max == 5);
    CHECK(config.mqtt.session_expiry_max_s == 90);
    CHECK(config.mqtt.session_messages_max == 7);
    CHECK(config.mqtt.session_bytes_max == 1U << 20U);
    CHECK(config.mqtt.retained_bytes_max == 2U << 20U);
    REQUIRE(config.streams.size() == 2);
    const auto& stream = config.streams[0];
    CHECK(stream.partitions == 8);
    CHECK(stream.retention_ms == 7LL * 86'400'000);
    CHECK(stream.retention_bytes == 20LL << 30U);
    CHECK(stream.durability == config::Durability::os);
    CHECK(stream.compression == config::Compression::zstd);
    CHECK(stream.message_bytes_max == 2U << 20U);
    CHECK(stream.timestamp_type == config::TimestampType::append);
    CHECK(stream.cleanup_policy == config::CleanupPolicy::compact_and_expire);
    CHECK(stream.delete_retention_ms == 7'200'000);
    CHECK(stream.dirty_ratio_min == 0.25);
    CHECK(config.streams[1].retention_ms == -1);
    CHECK(config.streams[1].retention_bytes == -1);
    REQUIRE(config.bridge.size() == 2);
    CHECK(config.bridge[0].device == "{device}");
}

TEST_CASE("every key of the table in docs/config.md is known", "[config][docs]") {
    const auto keys = documented_keys();
    CHECK(keys.size() >= 30);
    const std::string all = kEverything;
    for (const std::string& key : keys) {
        CAPTURE(key);
        const auto leaf = key.substr(key.rfind('.') + 1);
        CHECK(all.find(leaf + ":") != std::string::npos); // which is read without an error, above
    }
}

TEST_CASE("the commented example says exactly the defaults", "[config][docs]") {
    const auto example = config::load("config/holdfast.yaml");
    REQUIRE(example);
    const auto& a = example.value();
    const auto b = config::defaults();
    CHECK(a.data_dir == b.data_dir);
    REQUIRE(a.listeners.mqtt.size() == 1);
    REQUIRE(a.listeners.http.size() == 1);
    CHECK(a.listeners.mqtt[0].endpoint == b.listeners.mqtt[0].endpoint);
    CHECK(a.listeners.http[0].endpoint == b.listeners.http[0].endpoint);
    CHECK(a.limits.memory_bytes == b.limits.memory_bytes);
    CHECK(a.limits.disk_bytes == b.limits.disk_bytes);
    CHECK(a.limits.disk_reserve_bytes == b.limits.disk_reserve_bytes);
    CHECK(a.limits.connections == b.limits.connections);
    CHECK(a.limits.connections_per_address == b.limits.connections_per_address);
    CHECK(a.limits.connect_rate_per_address == b.limits.connect_rate_per_address);
    CHECK(a.limits.connections_per_user == b.limits.connections_per_user);
    CHECK(a.limits.message_rate_per_client == b.limits.message_rate_per_client);
    CHECK(a.limits.byte_rate_per_client == b.limits.byte_rate_per_client);
    CHECK(a.limits.http_connections == b.limits.http_connections);
    CHECK(a.limits.http_body_bytes == b.limits.http_body_bytes);
    CHECK(a.limits.http_idle_ms == b.limits.http_idle_ms);
    CHECK(a.limits.http_request_ms == b.limits.http_request_ms);
    CHECK(a.training.memory_bytes == b.training.memory_bytes);
    CHECK(a.training.versions == b.training.versions);
    CHECK(a.mqtt.keep_alive_max_s == b.mqtt.keep_alive_max_s);
    CHECK(a.mqtt.receive_maximum == b.mqtt.receive_maximum);
    CHECK(a.mqtt.packet_bytes_max == b.mqtt.packet_bytes_max);
    CHECK(a.mqtt.connect_timeout_ms == b.mqtt.connect_timeout_ms);
    CHECK(a.mqtt.session_queue_bytes == b.mqtt.session_queue_bytes);
    CHECK(a.mqtt.topic_alias_maximum == b.mqtt.topic_alias_maximum);
    CHECK(a.mqtt.subscriptions_max == b.mqtt.subscriptions_max);
    CHECK(a.mqtt.session_expiry_max_s == b.mqtt.session_expiry_max_s);
    CHECK(a.mqtt.session_messages_max == b.mqtt.session_messages_max);
    CHECK(a.mqtt.session_bytes_max == b.mqtt.session_bytes_max);
    CHECK(a.mqtt.retained_bytes_max == b.mqtt.retained_bytes_max);
    CHECK(a.mqtt.refused_publish == b.mqtt.refused_publish);
    REQUIRE(a.streams.size() == 1);
    CHECK(a.streams[0].name == "events");
    CHECK(a.streams[0].partitions == b.streams[0].partitions);
    CHECK(a.streams[0].retention_ms == b.streams[0].retention_ms);
    CHECK(a.streams[0].message_bytes_max == b.streams[0].message_bytes_max);
    CHECK(a.bridge.size() == b.bridge.size());
}

TEST_CASE("a mistake is reported with its file, line, key and reason", "[config]") {
    struct Row {
        const char* text;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"\nnonsense: 1", "f:2: nonsense: unknown key; known are data_dir"},
        {"limits:\n  memori: 1GiB", "f:2: limits.memori: unknown key; known are memory"},
        {"shards: many", "f:1: shards: a whole number is expected, not 'many'"},
        {"shards: 65", "f:1: shards: 65 is not within 0 .. 64"},
        {"listeners:\n  mqtt: \"127.0.0.1:80\"\n  http: \"localhost:80\"",
         "f:3: listeners.http: 127.0.0.1:80 is the port of listeners.mqtt too"},
        {"mqtt: {refused_publish: shrug}", "f:1: mqtt.refused_publish: 'shrug' is none of close"},
        {"shards: -1", "f:1: shards: a whole number is expected, not '-1'"},
        {"shards: 99999999999999999999", "f:1: shards: 99999999999999999999 is not within"},
        {"shards: [1]", "f:1: shards: a whole number is expected, not a list"},
        {"shards: 1\nshards: 2", "f:2: shards: given twice"},
        {"limits: 7", "f:1: limits: a map of keys is expected, not '7'"},
        {"- a", "f:1: top: a map of keys is expected, not a list"},
        {"limits:\n  memory: 1Gib", "f:2: limits.memory: '1Gib': unknown unit 'Gib', known are B"},
        {"limits:\n  memory: 1MiB", "f:2: limits.memory: 1048576 bytes is not within 67108864"},
        {"limits:\n  memory: 99999999TiB", "f:2: limits.memory: '99999999TiB': number too large"},
        {"limits:\n  http_idle: 5", "f:2: limits.http_idle: '5': a unit is missing, known are ms"},
        {"limits:\n  http_idle: 1ms", "f:2: limits.http_idle: 1 ms is not within 100 .. 86400000"},
        {"log_level: loud", "f:1: log_level: 'loud' is none of debug, info, warn, error"},
        {"data_dir: \"\"", "f:1: data_dir: must not be empty"},
        {"listeners:\n  mqtt: \"0.0.0.0:1883\"",
         "f:2: listeners.mqtt: 0.0.0.0 is not a loopback address (127.0.0.1, [::1]): without "
         "users"},
        {"listeners: {http: \"[::]:80\"}", "f:1: listeners.http: :: is not a loopback address"},
        {"listeners: {http: \"127.0.0.1\"}", "f:1: listeners.http: '127.0.0.1' is not address"},
        {"listeners: {http: \"127.0.0.1:65536\"}", "'65536' is not a port within 0 .. 65535"},
        {"listeners: {http: \"example.com:80\"}", "'example.com' is not an IPv4 address"},
        {"listeners: {http: \"::1:80\"}", "f:1: listeners.http: '::1' is not an IPv4 address"},
        {"listeners:\n  kafka: \"127.0.0.1:9092\"", "f:2: listeners.kafka: not served by this"},
        {"listeners:\n  amqp: on", "f:2: listeners.amqp: not served by this version yet"},
        {"history: {memory: 1KiB}", "f:1: history.memory:"},
        {"history: {enabled: perhaps}", "f:1: history.enabled:"},
        {"streams: {a: {history: on}}", "f:1: streams.a.history:"},
        {"streams: {a: {history: {retention: 1h}}}", "f:1: streams.a.history.retention:"},
        {"streams: []", "f:1: streams: a map of stream names is expected"},
        {"streams:\n  a/b: {}", "f:2: streams: 'a/b' is not a stream name"},
        {"streams:\n  a: {}\n  a: {}", "f:3: streams.a: given twice"},
        {"streams:\n  a: {partitions: -1}",
         "f:2: streams.a.partitions: a whole number is expected"},
        {"streams:\n  a:\n    retention: {size: 1}", "f:3: streams.a.retention.size: unknown key"},
        {"streams:\n  a: {durability: maybe}", "f:2: streams.a.durability: 'maybe' is none of"},
        {"bridge: yes", "f:1: bridge: a list of routes is expected"},
        {"bridge:\n  - {stream: events}", "f:2: bridge[0].topic: is missing"},
        {"bridge:\n  - {topic: a, stream: b}", "f:2: bridge[0].stream: there is no stream 'b'"},
        {"streams: {audit: {}}\nbridge:\n  - {topic: a, stream: audit}",
         "f:3: bridge[0].stream: only the server itself writes into 'audit'"},
        {"bridge:\n  - x", "f:2: bridge[0]: a map of keys is expected, not 'x'"},
        {"rules: a.sql", "f:1: rules: a list is expected, not 'a.sql'"},
        {"rules:\n  [nowhere/none.sql]", "f:2: rules: no file 'nowhere/none.sql'"},
        {"a: [", "f:1: not YAML: "},
        {"a: 1\n---\nb: 1", "f:2: a second document begins here"},
        {"- a\n, b", "f:2: a second document begins here"},
        {"a: \xff", "f:1: the file is not UTF-8"},
    }));
    CAPTURE(row.text);
    const auto parsed = config::parse(row.text, "f");
    REQUIRE(!parsed);
    CHECK(parsed.error().code == Errc::malformed);
    CHECK_THAT(parsed.error().context, Catch::Contains(row.error));
}

TEST_CASE("all mistakes of a file are reported at once, in the order of lines", "[config]") {
    const auto parsed = config::parse("shards: x\nlimits:\n  memory: y\n  q: 1\nzz: 1\n", "f");
    REQUIRE(!parsed);
    const std::string& text = parsed.error().context;
    CHECK(std::ranges::count(text, '\n') == 3);
    CHECK(text.find("f:1: shards") < text.find("f:3: limits.memory"));
    CHECK(text.find("f:3: limits.memory") < text.find("f:4: limits.q"));
    CHECK(text.find("f:4: limits.q") < text.find("f:5: zz"));
}

TEST_CASE("a document nested 10,000 deep is refused, not followed", "[config]") {
    const auto parsed = config::parse("a: " + std::string(10'000, '['), "f");
    REQUIRE(!parsed);
    CHECK(parsed.error().code == Errc::malformed);
}

TEST_CASE("a file that cannot be read is an io error that names it", "[config]") {
    CHECK(config::load("/nonexistent/x.yaml").error().code == Errc::io);
    CHECK_THAT(config::load("/nonexistent/x.yaml").error().context,
               Catch::Contains("/nonexistent/x.yaml"));
    CHECK(config::load("/").error().code == Errc::io);
}

TEST_CASE("globs are relative to the file, sorted, and each file comes once", "[config]") {
    const TempDir dir;
    dir.write("b.sql", "x");
    dir.write("a.sql", "x");
    dir.write("m.yaml", "name: m\nkind: range\nsource: events\nfields: [v]\n");
    dir.write("c.yaml", "rules: [\"*.sql\", a.sql, \"none*.sql\"]\nmodels: [m.yaml]\n");
    const auto loaded = config::load(dir / "c.yaml");
    REQUIRE(loaded);
    REQUIRE(loaded.value().rule_files.size() == 2);
    CHECK(loaded.value().rule_files[0].filename() == "a.sql");
    CHECK(loaded.value().rule_files[1].filename() == "b.sql");
    REQUIRE(loaded.value().models.size() == 1);
    CHECK(loaded.value().models[0].name == "m");
}

TEST_CASE("mistakes in model files and doubled names are reported with theirs", "[config]") {
    const TempDir dir;
    dir.write("m1.yaml", "name: m\nkind: range\nsource: events\nfields: [v]\nthresh: 1\n");
    dir.write("m2.yaml", "name: n\nkind: range\nsource: events\nfields: [v]\n");
    dir.write("m3.yaml", "name: n\nkind: range\nsource: events\nfields: [v]\n");
    dir.write("c.yaml", "models: [\"m*.yaml\"]\nshards: x\n");
    const auto loaded = config::load(dir / "c.yaml");
    REQUIRE(!loaded);
    CHECK_THAT(loaded.error().context, Catch::Contains("m1.yaml:5: thresh: unknown key"));
    CHECK_THAT(loaded.error().context, Catch::Contains("m3.yaml:1: name: 'n' is the name of"));
    CHECK_THAT(loaded.error().context, Catch::Contains("c.yaml:2: shards"));
}

TEST_CASE("what a training may take has bounds", "[config]") {
    CHECK_THAT(config::parse("training: {memory: 1MiB}\n", "c.yaml").error().context,
               Catch::Contains("c.yaml:1: training.memory"));
    CHECK_THAT(config::parse("training: {threads: 3}\n", "c.yaml").error().context,
               Catch::Contains("training.threads: unknown key"));
}
