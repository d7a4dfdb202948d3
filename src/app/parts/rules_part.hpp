#pragma once

#include "app/ground.hpp"
#include "app/parts/alarms_part.hpp"
#include "app/parts/broker_part.hpp"
#include "app/parts/consumers_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/part.hpp"

#include <holdfast/rules/engine.hpp>

#include <memory>

namespace holdfast::app {

// The engine of rules, with those of the configuration's files.
class RulesPart final : public Part {
public:
    RulesPart(Ground& ground, const LogPart& log, const BrokerPart& broker, AlarmsPart& alarms,
              const ConsumersPart& consumers)
        : ground_(ground), log_(log), broker_(broker), alarms_(alarms), consumers_(consumers) {}

    Result<void> start() override;
    void stop() override {
        engine_.reset();
    } // waits for the step under way, which needs the broker
    [[nodiscard]] rules::Engine& engine() const noexcept { return *engine_; }

private:
    Ground& ground_;
    const LogPart& log_;
    const BrokerPart& broker_;
    AlarmsPart& alarms_;
    const ConsumersPart& consumers_;
    std::unique_ptr<rules::Engine> engine_;
};

} // namespace holdfast::app
