#pragma once

#include "app/ground.hpp"
#include "app/parts/alarms_part.hpp"
#include "app/parts/broker_part.hpp"
#include "app/parts/consumers_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/part.hpp"

#include <holdfast/models/engine.hpp>

#include <memory>

namespace holdfast::app {

// The engine of models, with those of the configuration's files.
class ModelsPart final : public Part {
public:
    ModelsPart(Ground& ground, const LogPart& log, const BrokerPart& broker, AlarmsPart& alarms,
               const ConsumersPart& consumers)
        : ground_(ground), log_(log), broker_(broker), alarms_(alarms), consumers_(consumers) {}

    Result<void> start() override;
    void stop() override {
        engine_.reset();
    } // waits for the step under way, which needs the broker
    [[nodiscard]] models::Engine& engine() const noexcept { return *engine_; }

private:
    Ground& ground_;
    const LogPart& log_;
    const BrokerPart& broker_;
    AlarmsPart& alarms_;
    const ConsumersPart& consumers_;
    std::unique_ptr<models::Engine> engine_;
};

} // namespace holdfast::app
