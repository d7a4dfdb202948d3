#include "app/parts/mqtt_part.hpp"

#include "app/parts/listening_line.hpp"

#include <utility>

namespace holdfast::app {

Result<void> MqttPart::start() {
    const config::Config& config = ground_.config;
    if (!config.listeners.mqtt) return ok();
    auto listener =
        std::make_unique<gateway::MqttListener>(broker_.shards(), config.limits.connections);
    HF_TRY(listener->start(config.listeners.mqtt->address, config.listeners.mqtt->port));
    listener_ = std::move(listener);
    return ok();
}

void MqttPart::stop() {
    if (listener_) listener_->stop();
}

std::vector<std::string> MqttPart::listening() const {
    if (!listener_) return {};
    return {listening_line("mqtt", ground_.config.listeners.mqtt->address, listener_->port())};
}

} // namespace holdfast::app
