#pragma once

#include "app/ground.hpp"
#include "app/parts/broker_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/part.hpp"

#include <holdfast/alarms/registry.hpp>

namespace holdfast::app {

// The present alarms of rules, of models and of the server itself.
class AlarmsPart final : public Part {
public:
    AlarmsPart(Ground& ground, const LogPart& log, const BrokerPart& broker)
        : ground_(ground), log_(log), broker_(broker) {}

    Result<void> start() override {
        HF_TRY(alarms_.load(log_.log()));
        ground_.alarms.open(broker_.broker(), alarms_);
        return ok();
    }
    void stop() override { ground_.alarms.close(); }
    [[nodiscard]] alarms::Registry& alarms() noexcept { return alarms_; }

private:
    Ground& ground_;
    const LogPart& log_;
    const BrokerPart& broker_;
    alarms::Registry alarms_;
};

} // namespace holdfast::app
