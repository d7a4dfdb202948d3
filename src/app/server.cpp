#include <holdfast/app/server.hpp>

#include "app/ground.hpp"
#include "app/parts/alarms_part.hpp"
#include "app/parts/audit_part.hpp"
#include "app/parts/broker_part.hpp"
#include "app/parts/compaction_part.hpp"
#include "app/parts/consumers_part.hpp"
#include "app/parts/history_part.hpp"
#include "app/parts/http_part.hpp"
#include "app/parts/identity_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/models_part.hpp"
#include "app/parts/mqtt_part.hpp"
#include "app/parts/part.hpp"
#include "app/parts/rules_part.hpp"
#include "app/parts/training_part.hpp"

#include <utility>

namespace holdfast::app {

// The one list of what runs, in floor order: a part is started after what it is made with. The
// listeners are last, so that whoever connects finds everything running.
struct Server::Parts {
    explicit Parts(config::Config config) : ground(std::move(config)) {
        auto& identity = list.add<IdentityPart>(ground);
        auto& log = list.add<LogPart>(ground);
        auto& broker = list.add<BrokerPart>(ground, identity, log);
        list.add<AuditPart>(ground, log, broker);
        auto& alarms = list.add<AlarmsPart>(ground, log, broker);
        auto& consumers = list.add<ConsumersPart>(log);
        auto& rules = list.add<RulesPart>(ground, identity, log, broker, alarms, consumers);
        auto& history = list.add<HistoryPart>(ground, log, consumers);
        auto& models =
            list.add<ModelsPart>(ground, identity, log, broker, alarms, consumers, history);
        auto& training =
            list.add<TrainingPart>(ground, identity, log, broker, alarms, consumers, history);
        list.add<CompactionPart>(ground, log);
        list.add<MqttPart>(ground, broker);
        list.add<HttpPart>(ground, identity, log, broker, alarms, rules, models, history, training);
    }

    Ground ground;
    PartList list; // destroyed first
};

Server::Server(config::Config config) : parts_(std::make_unique<Parts>(std::move(config))) {}

Server::~Server() {
    stop();
}

Result<void> Server::start() {
    return parts_->list.start();
}

void Server::stop() {
    parts_->ground.stopping.request_stop();
    parts_->list.stop();
}

void Server::run_housekeeping() {
    parts_->ground.housekeeping.run();
}

void Server::reload() {
    parts_->list.reload();
}

std::vector<std::string> Server::listening_lines() const {
    return parts_->list.listening();
}

} // namespace holdfast::app
