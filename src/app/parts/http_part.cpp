#include "app/parts/http_part.hpp"

#include "app/parts/listening_line.hpp"
#include "app/settings_of_config.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/identity_api.hpp>
#include <holdfast/gateway/rest/live.hpp>
#include <holdfast/gateway/rest/model_replay_api.hpp>
#include <holdfast/gateway/rest/once.hpp>
#include <holdfast/gateway/rest/stream_users.hpp>
#include <holdfast/gateway/rest/training_api.hpp>
#include <holdfast/query/model_predictor.hpp>

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
constexpr std::size_t kHistoryThreads = 2;
constexpr std::size_t kHistoryWaitingMax = 32;
constexpr std::size_t kHistoryBytesMax = 32U << 20U; // of one answer
constexpr std::int64_t kGroupOffsetsRetentionMs = 7LL * 86'400'000;

std::string_view protocol_of(const config::Listener& listener) {
    return listener.tls ? "https" : "http";
}

void note_failure(const Result<void>& outcome) {
    if (!outcome) log_warn("app", "{}", outcome.error().context);
}

} // namespace

Result<void> HttpPart::start() {
    const config::Config& config = ground_.config;
    if (config.listeners.http.empty()) return ok();
    reads_ = std::make_unique<gateway::WorkQueue>(kReadThreads);
    queries_ = std::make_unique<gateway::WorkQueue>(kQueryThreads);
    administration_ = std::make_unique<gateway::WorkQueue>(1);
    history_reads_ = std::make_unique<gateway::WorkQueue>(kHistoryThreads, kHistoryWaitingMax,
                                                          gateway::WorkQueue::Priority::low);
    groups_ = std::make_unique<log::GroupOffsets>(log_.log(), ground_.clock);
    keys_ = std::make_unique<gateway::IdempotencyKeys>(log_.log(), ground_.clock);
    HF_TRY(keys_->expire(ground_.expiry_clock.now_ms()));
    notebooks_ = std::make_unique<gateway::NotebookStore>(log_.log(), ground_.clock);
    HF_TRY(notebooks_->load());
    backups_ = std::make_unique<BackupMaker>(
        ground_, log_.log(), history_.for_backup(),
        [&versions = training_.versions()](const std::filesystem::path& directory) {
            return versions.checkpoint(directory);
        });
    topics_ = std::make_unique<gateway::TopicView>(log_.log(), ground_.clock, ground_.memory);
    make_query_engine();
    add_routes();
    add_housekeeping();
    rights_version_ = identity_.authenticator().version();
    auto server =
        std::make_unique<gateway::HttpServer>(broker_.io_contexts(), router_, ground_.memory,
                                              ground_.metrics, http_settings(config.limits));
    for (const config::Listener& listener : config.listeners.http) {
        HF_TRY(listen(*server, listener));
    }
    certificates_.watch();
    server->start();
    server_ = std::move(server);
    return ok();
}

Result<void> HttpPart::listen(gateway::HttpServer& server, const config::Listener& listener) {
    const config::Endpoint& at = listener.endpoint;
    const std::string name = listener_name(protocol_of(listener), at.address, at.port);
    gateway::HttpDoor door;
    door.identity = &identity_.authenticator();
    door.watch = &watch_;
    door.takes_anonymous = listener.takes_anonymous;
    door.hosts = listener.hosts;
    HF_TRY(door.tls, certificates_.add(listener, name));
    if (door.tls == nullptr && !config::is_loopback(at))
        log_warn("http", "{}: without TLS passwords and data can be read on their way", name);
    auto mqtt_door =
        std::make_shared<const broker::Door>(broker::Door{name, listener.takes_anonymous});
    door.mqtt = {broker_.shards(), ground_.config.limits.connections, std::move(mqtt_door),
                 broker_.addresses()};
    return server.listen(at.address, at.port, std::move(door));
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
    parts.tables.push_back(query::clients_table(broker_.clients()));
    parts.history = history_.store();
    parts.predictor_of = [&versions = training_.versions()](std::string_view name) {
        return query::predictor_of(versions, name);
    };
    if (parts.history != nullptr)
        parts.tables.push_back(query::devices_table(*parts.history, log_.log()));
    query_ = std::make_unique<query::Engine>(settings, std::move(parts));
}

// Of limits.memory, as for queries; for one answer.
std::size_t HttpPart::set_aside_for_history() {
    if (history_.store() == nullptr) return 0;
    const std::size_t bytes =
        std::min<std::size_t>(kHistoryBytesMax, ground_.config.limits.memory_bytes / 32);
    ground_.memory.take(kHistoryThreads * bytes);
    return bytes;
}

// A resource: its line here, its file in gateway/rest, its page in docs/rest.
void HttpPart::add_routes() {
    log::Log& log = log_.log();
    broker::Broker& broker = broker_.broker();
    rules::Engine& rules = rules_.engine();
    models::Engine& models = models_.engine();
    const gateway::Once once(*keys_, *reads_);
    const auto users = [&](std::string_view stream) {
        return gateway::stream_users(stream, broker.bridge(),
                                     {rules, models, &training_.predictions()});
    };
    const auto changed = [&] {
        note_failure(rules.refresh());
        note_failure(models.refresh());
        note_failure(training_.predictions().refresh());
    };
    const auto back_up = [this](const std::filesystem::path& to) { return backups_->make(to); };

    gateway::add_publish_routes(router_, broker, once);
    gateway::add_produce_routes(router_, log, ground_.clock, once);
    gateway::add_influx_routes(router_, log, ground_.clock, ground_.memory, ground_.metrics,
                               *reads_);
    gateway::add_stream_routes(router_, log, users, changed, *administration_);
    gateway::add_topic_routes(router_, *topics_, log, ground_.clock, *queries_);
    gateway::add_group_routes(router_, log, *groups_, *reads_);
    gateway::add_record_routes(router_, log, *reads_);
    gateway::add_alarm_routes(router_, alarms_.alarms(), *queries_);
    gateway::add_acknowledge_route(router_, log, alarms_.alarms(), ground_.clock, *administration_);
    gateway::add_label_route(router_, log, alarms_.alarms(), ground_.clock, *administration_);
    gateway::add_client_routes(router_, broker_.clients(), *queries_);
    gateway::add_device_routes(router_, history_.store(), log, *reads_);
    gateway::add_device_erasure_routes(router_, history_.erasures(), log, ground_.clock,
                                       *administration_);
    const std::size_t history_bytes = set_aside_for_history();
    gateway::add_history_routes(router_, history_.store(), log, ground_.clock, *history_reads_,
                                history_bytes);
    gateway::add_correlation_route(router_, history_.store(), log, ground_.clock, *history_reads_,
                                   history_bytes);
    gateway::add_rule_routes(router_, rules, log, *administration_, *queries_);
    gateway::add_model_routes(router_, models, *administration_, *reads_);
    gateway::add_model_label_route(router_, models, alarms_.alarms(), *reads_);
    gateway::add_model_replay_routes(router_, models, alarms_.alarms(), history_.store(), log,
                                     ground_.clock, *history_reads_, history_bytes);
    const auto refusal_of = [&makers = training_.makers()](const auto& user, const auto& stream) {
        return makers.refusal_of_model(user, stream);
    };
    gateway::add_training_routes(router_, training_.trainings(), training_.source(), refusal_of,
                                 *administration_, *reads_);
    models::Predictions& predictions = training_.predictions();
    gateway::add_version_routes(router_, training_.versions(), predictions, *administration_,
                                *reads_);
    gateway::add_prediction_route(router_, predictions, *reads_);
    gateway::add_notebook_routes(router_, *notebooks_, *administration_, *reads_);
    gateway::add_query_route(router_, *query_);
    gateway::add_backup_route(router_, back_up, *queries_);
    const gateway::Identities identities{identity_.authenticator(), identity_.users(),
                                         ground_.audit, ground_.clock};
    gateway::add_login_routes(router_, identities);
    gateway::add_me_route(router_, identities);
    gateway::add_user_routes(router_, identities, *administration_);
    gateway::add_password_route(router_, identities, *administration_);
    gateway::add_role_route(router_, identities);
    gateway::add_token_routes(router_, identities, *administration_);
    gateway::add_service_routes(router_, log, ground_.metrics, *reads_);
    gateway::add_metrics_history_route(router_, metrics_history_, *reads_);
    identity::Authenticator& authenticator = identity_.authenticator();
    gateway::LiveParts live{*topics_,        alarms_.alarms(),
                            ground_.metrics, log,
                            ground_.clock,   [&authenticator] { return authenticator.version(); }};
    gateway::add_live_route(router_, std::move(live), *queries_);
    gateway::add_mqtt_route(router_);
    gateway::add_page_routes(router_);
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
    ground_.housekeeping.add("metrics of the last hour", gateway::MetricsHistory::kEvery,
                             [this]() -> Result<void> {
                                 metrics_history_.take();
                                 return ok();
                             });
    ground_.housekeeping.add("topics that nobody looks at", 1min, [this]() -> Result<void> {
        topics_->forget_unused();
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

void HttpPart::reload() {
    certificates_.reload();
    follow_rights();
}

void HttpPart::stop() {
    if (server_) server_->stop(kStopPatience);
    query_.reset(); // cancels what still runs; answers went with their sessions
    for (const auto& queue :
         {reads_.get(), queries_.get(), administration_.get(), history_reads_.get()})
        if (queue != nullptr) queue->stop();
}

std::vector<std::string> HttpPart::listening() const {
    if (!server_) return {};
    std::vector<std::string> lines;
    for (const config::Listener& listener : ground_.config.listeners.http)
        lines.push_back(listening_line(protocol_of(listener), listener.endpoint.address,
                                       server_->port(lines.size())));
    return lines;
}

} // namespace holdfast::app
