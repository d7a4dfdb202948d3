#pragma once

#include "app/parts/log_part.hpp"
#include "app/parts/part.hpp"

#include <holdfast/alarms/registry.hpp>

namespace holdfast::app {

// The present alarms of rules and models.
class AlarmsPart final : public Part {
public:
    explicit AlarmsPart(const LogPart& log) : log_(log) {}

    Result<void> start() override { return alarms_.load(log_.log()); }
    void stop() override {} // has no thread
    [[nodiscard]] alarms::Registry& alarms() noexcept { return alarms_; }

private:
    const LogPart& log_;
    alarms::Registry alarms_;
};

} // namespace holdfast::app
