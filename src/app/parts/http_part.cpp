#include "app/parts/http_part.hpp"

#include "app/parts/listening_line.hpp"
#include "app/settings_of_config.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/once.hpp>
#include <holdfast/gateway/rest/stream_users.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <utility>

namespace holdfast::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStopPatience{2'000}; // for waiting readers and half requests
constexpr std::size_t kReadThreads = 2;
constexpr std::size_t kQueryThreads = 2;
constexpr std::int64_t kGroupOffsetsRetentionMs = 7LL * 86'400'000;

void note_failure(const Result<void>& outcome) {
    if (!outcome) log_warn("app", "{}", outcome.error().context);
}

} // namespace

Result<void> HttpPart::start() {
    const config::Config& config = ground_.config;
    if (config.listeners.http.empty()) return ok();
    const config::Listener& listener = config.listeners.http.front();
    if (config.listeners.http.size() > 1 || listener.tls || !config::is_loopback(listener.endpoint))
        return fail(Errc::not_supported, listener.where +
                                             ": HTTP listens on one loopback address, without "
                                             "TLS, in this version");
    reads_ = std::make_unique<gateway::WorkQueue>(kReadThreads);
    queries_ = std::make_unique<gateway::WorkQueue>(kQueryThreads);
    administration_ = std::make_unique<gateway::WorkQueue>(1);
    groups_ = std::make_unique<log::GroupOffsets>(log_.log(), ground_.clock);
    keys_ = std::make_unique<gateway::IdempotencyKeys>(log_.log(), ground_.clock);
    HF_TRY(keys_->expire(ground_.expiry_clock.now_ms()));
    backups_ = std::make_unique<BackupMaker>(ground_, log_.log());
    make_query_engine();
    add_routes();
    add_housekeeping();
    gateway::HttpSettings settings = http_settings(config.limits);
    settings.door.identity = &identity_.authenticator();
    settings.door.takes_anonymous = listener.takes_anonymous;
    settings.door.hosts = listener.hosts;
    rights_version_ = identity_.authenticator().version();
    auto server = std::make_unique<gateway::HttpServer>(
        broker_.io_contexts(), router_, ground_.memory, ground_.metrics, std::move(settings));
    HF_TRY(server->start(listener.endpoint.address, listener.endpoint.port));
    server_ = std::move(server);
    return ok();
}

void HttpPart::make_query_engine() {
    query::EngineSettings settings;
    // A part of limits.memory that is set aside, whether or not anybody asks.
    settings.threads = kQueryThreads;
    settings.memory_bytes_max =
        std::min<std::size_t>(settings.memory_bytes_max, ground_.config.limits.memory_bytes / 16);
    ground_.memory.take(settings.threads * settings.memory_bytes_max);
    broker::Broker& broker = broker_.broker();
    query::Engine::Parts parts{log_.log(), ground_.clock,
                               [&broker](std::string_view) { return broker.bridge().streams(); }};
    parts.tables.push_back(query::streams_table(log_.log()));
    parts.tables.push_back(query::groups_table(*groups_, log_.log()));
    parts.tables.push_back(query::rules_table(rules_.engine()));
    parts.tables.push_back(query::models_table(models_.engine()));
    parts.tables.push_back(query::alarms_table(alarms_.alarms()));
    query_ = std::make_unique<query::Engine>(settings, std::move(parts));
}

// A resource: its line here, its file in gateway/rest, its page in docs/rest.
void HttpPart::add_routes() {
    log::Log& log = log_.log();
    broker::Broker& broker = broker_.broker();
    rules::Engine& rules = rules_.engine();
    models::Engine& models = models_.engine();
    const gateway::Once once(*keys_, *reads_);
    const auto users = [&](std::string_view stream) {
        return gateway::stream_users(stream, broker.bridge(), rules, models);
    };
    const auto changed = [&] {
        note_failure(rules.refresh());
        note_failure(models.refresh());
    };
    const auto back_up = [this](const std::filesystem::path& to) { return backups_->make(to); };

    gateway::add_publish_routes(router_, broker, once);
    gateway::add_produce_routes(router_, log, ground_.clock, once);
    gateway::add_stream_routes(router_, log, users, changed, *administration_);
    gateway::add_group_routes(router_, log, *groups_, *reads_);
    gateway::add_record_routes(router_, log, *reads_);
    gateway::add_alarm_routes(router_, alarms_.alarms(), *queries_);
    gateway::add_rule_routes(router_, rules, log, *administration_, *queries_);
    gateway::add_model_routes(router_, models, *administration_, *reads_);
    gateway::add_query_route(router_, *query_);
    gateway::add_backup_route(router_, back_up, *queries_);
    gateway::add_service_routes(router_, log, ground_.metrics, *reads_);
    gateway::add_openapi_route(router_);
}

void HttpPart::add_housekeeping() {
    using namespace std::chrono_literals;
    ground_.housekeeping.add("offsets of consumer groups", 1min, [this]() -> Result<void> {
        const auto nobody_is_a_member = [](std::string_view) { return false; };
        const std::int64_t before_ms = ground_.expiry_clock.now_ms() - kGroupOffsetsRetentionMs;
        HF_TRY(const auto expired, groups_->expire(before_ms, nobody_is_a_member));
        if (expired != 0) log_info("log", "{} offsets of consumer groups expired", expired);
        return ok();
    });
    ground_.housekeeping.add("rights of HTTP requests", 1s, [this]() -> Result<void> {
        follow_rights();
        return ok();
    });
    ground_.housekeeping.add("answers by Idempotency-Key", 10min, [this]() -> Result<void> {
        HF_TRY(keys_->expire(ground_.expiry_clock.now_ms()));
        return ok();
    });
}

// Answers that go on are looked at when users or rights have changed, whoever changed them.
void HttpPart::follow_rights() {
    const std::uint64_t version = identity_.authenticator().version();
    if (!server_ || std::exchange(rights_version_, version) == version) return;
    server_->follow_rights();
}

void HttpPart::stop() {
    if (server_) server_->stop(kStopPatience);
    query_.reset(); // cancels what still runs; answers went with their sessions
    for (const auto& queue : {reads_.get(), queries_.get(), administration_.get()})
        if (queue != nullptr) queue->stop();
}

std::vector<std::string> HttpPart::listening() const {
    if (!server_) return {};
    return {listening_line("http", ground_.config.listeners.http.front().endpoint.address,
                           server_->port())};
}

} // namespace holdfast::app
