#pragma once

#include "app/ground.hpp"
#include "app/parts/broker_part.hpp"
#include "app/parts/certificates.hpp"
#include "app/parts/part.hpp"

#include <holdfast/gateway/mqtt/listener.hpp>

#include <memory>
#include <vector>

namespace holdfast::app {

// The MQTT listeners, unless they are off.
class MqttPart final : public Part {
public:
    MqttPart(Ground& ground, const BrokerPart& broker)
        : ground_(ground), broker_(broker), certificates_(ground) {}

    Result<void> start() override;
    void stop() override;
    void reload() override { certificates_.reload(); }
    [[nodiscard]] std::vector<std::string> listening() const override;

private:
    Result<void> listen(const config::Listener& listener);

    Ground& ground_;
    const BrokerPart& broker_;
    Certificates certificates_;
    std::vector<std::unique_ptr<gateway::MqttListener>> listeners_; // as configured; all listen
};

} // namespace holdfast::app
