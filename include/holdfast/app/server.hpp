#pragma once

#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/expiry_clock.hpp>
#include <holdfast/base/memory_account.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/broker/broker.hpp>
#include <holdfast/config/config.hpp>
#include <holdfast/gateway/http/router.hpp>
#include <holdfast/gateway/http/server.hpp>
#include <holdfast/gateway/mqtt/listener.hpp>
#include <holdfast/gateway/mqtt/shard_thread.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/idempotency_keys.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/log/consumer_pool.hpp>
#include <holdfast/log/group_offsets.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/models/engine.hpp>
#include <holdfast/rules/engine.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace holdfast::app {

class CompactionThread;

// The whole server in one object: modules as members in floor order, so that construction and
// destruction order is the dependency order. One thread calls start(), run_housekeeping() and
// stop().
class Server {
public:
    explicit Server(config::Config config);
    ~Server(); // stop()

    // Opens the log, makes the configured streams, starts shards and listeners. The first error
    // ends it, with nothing left listening.
    [[nodiscard]] Result<void> start();
    // Stops taking input, lets what was gathered reach the log, ends all threads.
    void stop();
    // What has to be done about once a second: retention.
    void run_housekeeping();

    // `listening mqtt 127.0.0.1:1883`, one line for each listener.
    [[nodiscard]] std::vector<std::string> listening_lines() const;
    // 0 where that listener is off.
    [[nodiscard]] std::uint16_t mqtt_port() const;
    [[nodiscard]] std::uint16_t http_port() const;
    [[nodiscard]] log::Log& log() noexcept { return *log_; }
    [[nodiscard]] broker::Broker& broker() noexcept { return *broker_; }
    [[nodiscard]] Metrics& metrics() noexcept { return metrics_; }

private:
    [[nodiscard]] Result<void> open_log();
    [[nodiscard]] Result<void> make_streams();
    [[nodiscard]] Result<void> start_broker();
    [[nodiscard]] Result<void> start_mqtt();
    [[nodiscard]] Result<void> make_engines();
    [[nodiscard]] Result<void> start_http();
    [[nodiscard]] Result<void> start_engines();
    [[nodiscard]] Result<gateway::BackupSize> back_up(const std::filesystem::path& directory);
    void expire_group_offsets();
    void expire_idempotency_keys();

    const config::Config config_;
    SystemClock clock_;
    ExpiryClock expiry_clock_{clock_};
    Metrics metrics_;
    MemoryAccount memory_;
    Counter& backups_;
    Counter& backups_failed_;
    std::stop_source stopping_;
    std::unique_ptr<log::Log> log_;
    std::unique_ptr<CompactionThread> compaction_;
    std::unique_ptr<broker::Broker> broker_;
    std::vector<std::unique_ptr<gateway::ShardThread>> shards_;
    std::vector<gateway::ShardThread*> shard_pointers_;
    std::unique_ptr<gateway::MqttListener> mqtt_;
    std::unique_ptr<log::ConsumerPool> consumers_;
    alarms::Registry alarms_;
    std::unique_ptr<rules::Engine> rules_;
    std::unique_ptr<models::Engine> models_;
    std::unique_ptr<log::GroupOffsets> groups_;
    std::int64_t next_group_expiry_ms_ = 0; // monotonic
    std::unique_ptr<gateway::IdempotencyKeys> idempotency_;
    std::int64_t next_key_expiry_ms_ = 0; // monotonic
    std::unique_ptr<gateway::WorkQueue> work_;
    gateway::Router router_;
    std::vector<boost::asio::io_context*> io_contexts_;
    std::unique_ptr<gateway::HttpServer> http_;
    bool shards_run_ = false;
};

} // namespace holdfast::app
