#pragma once

#include "app/backup_maker.hpp"
#include "app/ground.hpp"
#include "app/parts/alarms_part.hpp"
#include "app/parts/broker_part.hpp"
#include "app/parts/certificates.hpp"
#include "app/parts/history_part.hpp"
#include "app/parts/identity_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/models_part.hpp"
#include "app/parts/part.hpp"
#include "app/parts/rules_part.hpp"
#include "app/parts/training_part.hpp"

#include <holdfast/gateway/http/request_watch.hpp>
#include <holdfast/gateway/http/router.hpp>
#include <holdfast/gateway/http/server.hpp>
#include <holdfast/gateway/rest/idempotency_keys.hpp>
#include <holdfast/gateway/rest/metrics_history.hpp>
#include <holdfast/gateway/rest/notebook_store.hpp>
#include <holdfast/gateway/rest/topic_view.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/log/group_offsets.hpp>
#include <holdfast/query/engine.hpp>

#include <cstdint>
#include <memory>

namespace holdfast::app {

// REST over HTTP, in clear or over TLS, unless it is off.
class HttpPart final : public Part {
public:
    HttpPart(Ground& ground, const IdentityPart& identity, const LogPart& log,
             const BrokerPart& broker, AlarmsPart& alarms, const RulesPart& rules,
             const ModelsPart& models, const HistoryPart& history, const TrainingPart& training)
        : ground_(ground),
          identity_(identity),
          log_(log),
          broker_(broker),
          alarms_(alarms),
          rules_(rules),
          models_(models),
          history_(history),
          training_(training),
          metrics_history_(ground.metrics, ground.clock),
          watch_(ground.clock, ground.metrics, &ground.audit),
          certificates_(ground) {}

    Result<void> start() override;
    void stop() override;
    void reload() override; // identity_ comes before
    [[nodiscard]] std::vector<std::string> listening() const override;

private:
    void make_query_engine();
    void add_routes();
    [[nodiscard]] std::size_t set_aside_for_history();
    void add_housekeeping();
    Result<void> listen(gateway::HttpServer& server, const config::Listener& listener);
    void follow_rights();

    Ground& ground_;
    const IdentityPart& identity_;
    const LogPart& log_;
    const BrokerPart& broker_;
    AlarmsPart& alarms_;
    const RulesPart& rules_;
    const ModelsPart& models_;
    const HistoryPart& history_;
    const TrainingPart& training_;

    // Pools of their own, so that what takes long of one kind keeps none of another waiting.
    std::unique_ptr<gateway::WorkQueue> reads_;          // of single things, of pages of records
    std::unique_ptr<gateway::WorkQueue> queries_;        // what looks through much
    std::unique_ptr<gateway::WorkQueue> administration_; // changes, one at a time
    std::unique_ptr<gateway::WorkQueue> history_reads_;  // as long as somebody reads an answer
    std::unique_ptr<log::GroupOffsets> groups_;
    std::unique_ptr<gateway::IdempotencyKeys> keys_;
    std::unique_ptr<gateway::NotebookStore> notebooks_;
    std::unique_ptr<BackupMaker> backups_;
    gateway::MetricsHistory metrics_history_;
    std::unique_ptr<gateway::TopicView> topics_;
    std::unique_ptr<query::Engine> query_;
    gateway::RequestWatch watch_;
    gateway::Router router_;
    Certificates certificates_;                   // of the listeners
    std::unique_ptr<gateway::HttpServer> server_; // listens, where it is set
    std::uint64_t rights_version_ = 0;            // that the server follows
};

} // namespace holdfast::app
