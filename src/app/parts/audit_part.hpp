#pragma once

#include "app/ground.hpp"
#include "app/parts/broker_part.hpp"
#include "app/parts/log_part.hpp"
#include "app/parts/part.hpp"

namespace holdfast::app {

// The stream of the audit, and the time in which it is written.
class AuditPart final : public Part {
public:
    AuditPart(Ground& ground, const LogPart& log, const BrokerPart& broker)
        : ground_(ground), log_(log), broker_(broker) {}

    Result<void> start() override;
    void stop() override { ground_.audit.close(); }

private:
    Result<void> make_stream();

    Ground& ground_;
    const LogPart& log_;
    const BrokerPart& broker_;
};

} // namespace holdfast::app
