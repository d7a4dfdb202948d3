#pragma once

#include "app/ground.hpp"
#include "app/maker_rights.hpp"
#include "app/parts/alarms_part.hpp"
#include "app/parts/broker_part.hpp"
#include "app/parts/consumers_part.hpp"
#include "app/parts/identity_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/part.hpp"

#include <holdfast/rules/engine.hpp>

#include <cstdint>
#include <memory>

namespace holdfast::app {

// The engine of rules, with those of the configuration's files.
class RulesPart final : public Part {
public:
    RulesPart(Ground& ground, const IdentityPart& identity, const LogPart& log,
              const BrokerPart& broker, AlarmsPart& alarms, const ConsumersPart& consumers)
        : ground_(ground),
          identity_(identity),
          log_(log),
          broker_(broker),
          alarms_(alarms),
          consumers_(consumers) {}

    Result<void> start() override;
    void reload() override { follow_rights(); } // identity_ comes before
    void stop() override {
        engine_.reset();
    } // waits for the step under way, which needs the broker
    [[nodiscard]] rules::Engine& engine() const noexcept { return *engine_; }

private:
    void follow_rights();

    Ground& ground_;
    const IdentityPart& identity_;
    const LogPart& log_;
    const BrokerPart& broker_;
    AlarmsPart& alarms_;
    const ConsumersPart& consumers_;
    std::unique_ptr<const MakerRights> makers_;
    std::uint64_t rights_version_ = 0; // that the engine follows
    std::unique_ptr<rules::Engine> engine_;
};

} // namespace holdfast::app
