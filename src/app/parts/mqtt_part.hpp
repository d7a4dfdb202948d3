#pragma once

#include "app/ground.hpp"
#include "app/parts/broker_part.hpp"
#include "app/parts/part.hpp"

#include <holdfast/gateway/mqtt/listener.hpp>

#include <memory>

namespace holdfast::app {

// The MQTT listener, unless it is off.
class MqttPart final : public Part {
public:
    MqttPart(Ground& ground, const BrokerPart& broker) : ground_(ground), broker_(broker) {}

    Result<void> start() override;
    void stop() override;
    [[nodiscard]] std::vector<std::string> listening() const override;

private:
    Ground& ground_;
    const BrokerPart& broker_;
    std::unique_ptr<gateway::MqttListener> listener_; // listens, where it is set
};

} // namespace holdfast::app
