#include "app/parts/mqtt_part.hpp"

#include "app/parts/listening_line.hpp"

#include <holdfast/base/log_line.hpp>

#include <string_view>
#include <utility>

namespace holdfast::app {
namespace {

std::string_view protocol_of(const config::Listener& listener) {
    return listener.tls ? "mqtts" : "mqtt";
}

} // namespace

Result<void> MqttPart::start() {
    for (const config::Listener& listener : ground_.config.listeners.mqtt) {
        HF_TRY(listen(listener));
    }
    certificates_.watch();
    clear_unused_certificate_alarms(ground_); // of HTTP, too
    return ok();
}

Result<void> MqttPart::listen(const config::Listener& listener) {
    const config::Endpoint& at = listener.endpoint;
    const std::string name = listener_name(protocol_of(listener), at.address, at.port);
    HF_TRY(const gateway::TlsCredentials* tls, certificates_.add(listener, name));
    if (tls == nullptr && !config::is_loopback(at))
        log_warn("mqtt", "{}: without TLS passwords and messages can be read on their way", name);
    gateway::MqttListenerSettings settings;
    settings.connections_max = ground_.config.limits.connections;
    settings.door =
        std::make_shared<const broker::Door>(broker::Door{name, listener.takes_anonymous});
    settings.tls = tls;
    settings.addresses = broker_.addresses();
    auto made = std::make_unique<gateway::MqttListener>(broker_.shards(), std::move(settings));
    HF_TRY(made->start(at.address, at.port));
    listeners_.push_back(std::move(made));
    return ok();
}

void MqttPart::stop() {
    for (const auto& listener : listeners_) listener->stop();
}

std::vector<std::string> MqttPart::listening() const {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        const config::Listener& listener = ground_.config.listeners.mqtt[i];
        lines.push_back(listening_line(protocol_of(listener), listener.endpoint.address,
                                       listeners_[i]->port()));
    }
    return lines;
}

} // namespace holdfast::app
