#pragma once

#include "app/backup_maker.hpp"
#include "app/ground.hpp"
#include "app/parts/alarms_part.hpp"
#include "app/parts/broker_part.hpp"
#include "app/parts/identity_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/models_part.hpp"
#include "app/parts/part.hpp"
#include "app/parts/rules_part.hpp"

#include <holdfast/gateway/http/router.hpp>
#include <holdfast/gateway/http/server.hpp>
#include <holdfast/gateway/rest/idempotency_keys.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/log/group_offsets.hpp>
#include <holdfast/query/engine.hpp>

#include <cstdint>
#include <memory>

namespace holdfast::app {

// REST over HTTP, unless it is off.
class HttpPart final : public Part {
public:
    HttpPart(Ground& ground, const IdentityPart& identity, const LogPart& log,
             const BrokerPart& broker, AlarmsPart& alarms, const RulesPart& rules,
             const ModelsPart& models)
        : ground_(ground),
          identity_(identity),
          log_(log),
          broker_(broker),
          alarms_(alarms),
          rules_(rules),
          models_(models) {}

    Result<void> start() override;
    void stop() override;
    void reload() override { follow_rights(); } // identity_ comes before
    [[nodiscard]] std::vector<std::string> listening() const override;

private:
    void make_query_engine();
    void add_routes();
    void add_housekeeping();
    void follow_rights();

    Ground& ground_;
    const IdentityPart& identity_;
    const LogPart& log_;
    const BrokerPart& broker_;
    AlarmsPart& alarms_;
    const RulesPart& rules_;
    const ModelsPart& models_;

    // Pools of their own, so that what takes long of one kind keeps none of another waiting.
    std::unique_ptr<gateway::WorkQueue> reads_;          // of single things, of pages of records
    std::unique_ptr<gateway::WorkQueue> queries_;        // what looks through much
    std::unique_ptr<gateway::WorkQueue> administration_; // changes, one at a time
    std::unique_ptr<log::GroupOffsets> groups_;
    std::unique_ptr<gateway::IdempotencyKeys> keys_;
    std::unique_ptr<BackupMaker> backups_;
    std::unique_ptr<query::Engine> query_;
    gateway::Router router_;
    std::unique_ptr<gateway::HttpServer> server_; // listens, where it is set
    std::uint64_t rights_version_ = 0;            // that the server follows
};

} // namespace holdfast::app
