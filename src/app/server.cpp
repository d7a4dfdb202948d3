#include <holdfast/app/server.hpp>

#include "app/backup.hpp"
#include "app/compaction_thread.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/gateway/rest/api.hpp>

#include <fmt/format.h>

#include <sched.h>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

namespace holdfast::app {
namespace {

// Together below the ten seconds that service managers and containers give before they kill.
constexpr std::chrono::milliseconds kHttpStopPatience{2'000};  // waiting readers, half requests
constexpr std::chrono::milliseconds kShardStopPatience{5'000}; // of all of them
constexpr std::int64_t kKeyExpiryEveryMs = 600'000;
constexpr std::int64_t kGroupExpiryEveryMs = 60'000;
constexpr std::int64_t kGroupOffsetsRetentionMs = 7LL * 86'400'000;
constexpr std::size_t kShardsMax = 64;
constexpr std::size_t kConsumerThreads = 2;

// Cores this process may use: an affinity mask or a container counts, not what the machine has.
std::size_t usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof set, &set) == 0)
        return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
    return std::max(1U, std::thread::hardware_concurrency());
}

log::StreamSettings stream_settings(const config::StreamConfig& from) {
    log::StreamSettings to;
    to.name = from.name;
    to.partitions = from.partitions;
    to.retention_ms = from.retention_ms;
    to.retention_bytes = from.retention_bytes;
    to.durability =
        from.durability == config::Durability::fsync ? log::Durability::fsync : log::Durability::os;
    to.compression = static_cast<record::Compression>(from.compression); // the same order
    to.message_bytes_max = from.message_bytes_max;
    to.timestamp_type = from.timestamp_type == config::TimestampType::append
                            ? log::TimestampType::append
                            : log::TimestampType::create;
    to.cleanup_policy = static_cast<log::CleanupPolicy>(from.cleanup_policy); // the same order
    to.delete_retention_ms = static_cast<std::int64_t>(from.delete_retention_ms);
    to.dirty_ratio_min = from.dirty_ratio_min;
    return to;
}

broker::BrokerSettings broker_settings(const config::MqttConfig& from) {
    broker::BrokerSettings to;
    to.packet_bytes_max = from.packet_bytes_max;
    to.receive_maximum = from.receive_maximum;
    to.keep_alive_max_s = from.keep_alive_max_s;
    to.connect_timeout_ms = from.connect_timeout_ms;
    to.session_queue_bytes_max = from.session_queue_bytes;
    to.topic_alias_maximum = from.topic_alias_maximum;
    to.subscriptions_max = from.subscriptions_max;
    to.session_expiry_max_s = from.session_expiry_max_s;
    to.session_messages_max = from.session_messages_max;
    to.session_bytes_max = from.session_bytes_max;
    to.retained_bytes_max = from.retained_bytes_max;
    return to;
}

std::chrono::milliseconds left_until(std::chrono::steady_clock::time_point deadline) {
    const auto left = deadline - std::chrono::steady_clock::now();
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left),
                    std::chrono::milliseconds(0));
}

std::string line_of(std::string_view name, const config::Endpoint& endpoint, std::uint16_t port) {
    const bool is_v6 = endpoint.address.find(':') != std::string::npos;
    return fmt::format(fmt::runtime(is_v6 ? "listening {} [{}]:{}" : "listening {} {}:{}"), name,
                       endpoint.address, port);
}

Result<std::string> read_file(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.is_open() || in.bad()) return fail(Errc::io, "cannot read " + file.string());
    return text;
}

void note_failure(const Result<void>& outcome) {
    if (!outcome) log_warn("app", "{}", outcome.error().context);
}

} // namespace

Server::Server(config::Config config)
    : config_(std::move(config)),
      memory_(config_.limits.memory_bytes),
      backups_(metrics_.counter("holdfast_backups", "Backups made.")),
      backups_failed_(metrics_.counter("holdfast_backups_failed", "Backups that failed.")) {}

Server::~Server() {
    stop();
}

Result<void> Server::start() {
    HF_TRY(open_log());
    HF_TRY(make_streams());
    HF_TRY(start_broker());
    HF_TRY(start_mqtt());
    HF_TRY(make_engines());
    for (auto& shard : shards_) shard->start();
    shards_run_ = true;
    HF_TRY(start_engines());
    compaction_ = std::make_unique<CompactionThread>(*log_, expiry_clock_);
    return start_http(); // last: a request finds everything running
}

Result<void> Server::open_log() {
    log::LogOptions options;
    options.directory = config_.data_dir / "log";
    options.disk_bytes_max = config_.limits.disk_bytes;
    options.disk_reserve_bytes = config_.limits.disk_reserve_bytes;
    HF_TRY(log_, log::Log::open(std::move(options), clock_, metrics_));
    return ok();
}

// Streams of the config are made, or brought to its settings; others stay as they are.
Result<void> Server::make_streams() {
    for (const config::StreamConfig& stream : config_.streams) {
        log::StreamSettings settings = stream_settings(stream);
        if (const auto known = log_->find_stream(stream.name)) {
            // More may have been added since; fewer than there are there cannot be.
            settings.partitions = std::max(settings.partitions, known->settings.partitions);
            HF_TRY(log_->alter_stream(settings));
        } else {
            HF_TRY(log_->create_stream(std::move(settings)));
        }
    }
    return ok();
}

Result<void> Server::start_broker() {
    std::vector<broker::RouteSettings> routes;
    for (const config::RouteConfig& route : config_.bridge)
        routes.push_back({route.topic, route.stream, route.device});
    HF_TRY(broker::Bridge bridge, broker::Bridge::make(routes));
    broker_ = std::make_unique<broker::Broker>(broker_settings(config_.mqtt), std::move(bridge),
                                               *log_, clock_, memory_, metrics_);
    const std::size_t count = config_.shards != 0 ? config_.shards : usable_cores();
    for (std::size_t i = 0; i < std::min(count, kShardsMax); ++i) {
        shards_.push_back(
            std::make_unique<gateway::ShardThread>(static_cast<std::uint16_t>(i), *broker_));
        broker_->add_port(*shards_.back());
        shard_pointers_.push_back(shards_.back().get());
    }
    HF_TRY(broker_->load());
    for (const auto& shard : shards_) {
        HF_TRY(shard->load());
    }
    return ok();
}

Result<void> Server::start_mqtt() {
    if (!config_.listeners.mqtt) return ok();
    mqtt_ = std::make_unique<gateway::MqttListener>(shard_pointers_, config_.limits.connections);
    return mqtt_->start(config_.listeners.mqtt->address, config_.listeners.mqtt->port);
}

Result<void> Server::make_engines() {
    HF_TRY(alarms_.load(*log_));
    consumers_ = std::make_unique<log::ConsumerPool>(*log_, kConsumerThreads);
    const auto streams_of = [this](std::string_view) { return broker_->bridge().streams(); };
    rules_ = std::make_unique<rules::Engine>(
        rules::EngineSettings{},
        rules::Engine::Parts{*log_, *consumers_, *broker_, alarms_, clock_, metrics_, streams_of});
    models_ = std::make_unique<models::Engine>(
        models::EngineSettings{},
        models::Engine::Parts{*log_, *consumers_, *broker_, alarms_, metrics_});
    return ok();
}

// After the shards: what rules and models emit goes through them.
Result<void> Server::start_engines() {
    HF_TRY(rules_->start());
    for (const auto& file : config_.rule_files) {
        HF_TRY(const std::string text, read_file(file));
        HF_TRY(rules_->load_file(text, file.string()));
    }
    HF_TRY(models_->start());
    for (const config::ModelFile& model : config_.models) {
        HF_TRY(const std::string text, read_file(model.file));
        HF_TRY(models_->load_file(text, model.file.string()));
    }
    return ok();
}

Result<void> Server::start_http() {
    if (!config_.listeners.http) return ok();
    work_ = std::make_unique<gateway::WorkQueue>();
    groups_ = std::make_unique<log::GroupOffsets>(*log_, clock_);
    idempotency_ = std::make_unique<gateway::IdempotencyKeys>(*log_, clock_);
    HF_TRY(idempotency_->expire(expiry_clock_.now_ms()));
    gateway::add_rest_routes(
        router_, {*log_, clock_, *broker_, alarms_, metrics_, *work_,
                  [this] {
                      if (rules_) note_failure(rules_->refresh());
                      if (models_) note_failure(models_->refresh());
                  },
                  rules_.get(), models_.get(), groups_.get(), idempotency_.get(),
                  [this](const std::filesystem::path& directory) { return back_up(directory); }});
    for (auto& shard : shards_) io_contexts_.push_back(&shard->io());
    gateway::HttpSettings settings;
    settings.body_bytes_max = config_.limits.http_body_bytes;
    settings.idle_limit = std::chrono::milliseconds(config_.limits.http_idle_ms);
    settings.request_limit = std::chrono::milliseconds(config_.limits.http_request_ms);
    settings.connections_max = config_.limits.http_connections;
    http_ =
        std::make_unique<gateway::HttpServer>(io_contexts_, router_, memory_, metrics_, settings);
    return http_->start(config_.listeners.http->address, config_.listeners.http->port);
}

Result<gateway::BackupSize> Server::back_up(const std::filesystem::path& directory) {
    const auto made =
        make_backup(*log_, config_.data_dir, directory, clock_, stopping_.get_token());
    if (!made) {
        backups_failed_.add();
        log_warn("app", "backup in {}: {}", directory.string(), made.error().context);
        return made.error();
    }
    backups_.add();
    const BackupManifest& backup = made.value();
    log_info("app", "backup in {}: {} files, {} bytes", directory.string(), backup.files.size(),
             backup.bytes());
    return gateway::BackupSize{backup.files.size(), backup.bytes()};
}

void Server::stop() {
    stopping_.request_stop();
    if (shards_run_) {
        if (mqtt_) mqtt_->stop();
        if (http_) http_->stop(kHttpStopPatience);
        if (work_) work_->stop();
        if (rules_) rules_->stop();
        if (models_) models_->stop();
        if (consumers_) consumers_->stop();
        const auto deadline = std::chrono::steady_clock::now() + kShardStopPatience;
        for (auto& shard : shards_) shard->stop(left_until(deadline));
        shards_run_ = false;
    }
    http_.reset();
    models_.reset();
    rules_.reset();
    consumers_.reset();
    mqtt_.reset();
    compaction_.reset();
    log_.reset(); // ends the committer, which still knows the shards
    shards_.clear();
    broker_.reset();
}

void Server::run_housekeeping() {
    if (const auto done = log_->apply_retention(expiry_clock_.now_ms()); !done)
        log_warn("log", "retention: {}", done.error().context);
    expire_group_offsets();
    expire_idempotency_keys();
}

void Server::expire_idempotency_keys() {
    const std::int64_t now_ms = clock_.monotonic_ms();
    if (!idempotency_ || now_ms < next_key_expiry_ms_) return;
    next_key_expiry_ms_ = now_ms + kKeyExpiryEveryMs;
    if (const auto expired = idempotency_->expire(expiry_clock_.now_ms()); !expired)
        log_warn("http", "answers by Idempotency-Key: {}", expired.error().context);
}

void Server::expire_group_offsets() {
    const std::int64_t now_ms = clock_.monotonic_ms();
    if (!groups_ || now_ms < next_group_expiry_ms_) return;
    next_group_expiry_ms_ = now_ms + kGroupExpiryEveryMs;
    const auto nobody_is_a_member = [](std::string_view) { return false; };
    const auto expired =
        groups_->expire(expiry_clock_.now_ms() - kGroupOffsetsRetentionMs, nobody_is_a_member);
    if (!expired)
        log_warn("log", "offsets of consumer groups: {}", expired.error().context);
    else if (expired.value() != 0)
        log_info("log", "{} offsets of consumer groups expired", expired.value());
}

std::vector<std::string> Server::listening_lines() const {
    std::vector<std::string> lines;
    if (mqtt_) lines.push_back(line_of("mqtt", *config_.listeners.mqtt, mqtt_->port()));
    if (http_) lines.push_back(line_of("http", *config_.listeners.http, http_->port()));
    return lines;
}

std::uint16_t Server::mqtt_port() const {
    return mqtt_ ? mqtt_->port() : 0;
}

} // namespace holdfast::app
