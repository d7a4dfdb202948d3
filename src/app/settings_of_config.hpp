#pragma once

#include <holdfast/broker/bridge.hpp>
#include <holdfast/broker/broker.hpp>
#include <holdfast/config/config.hpp>
#include <holdfast/gateway/address_limits.hpp>
#include <holdfast/gateway/http/server.hpp>
#include <holdfast/gateway/mqtt/input_limits.hpp>
#include <holdfast/gateway/tls/tls_context.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/log/stream.hpp>

#include <vector>

namespace holdfast::app {

// The settings of the modules, as the configuration says them. The two name things independently of
// each other: enumerations are turned into each other name by name, never by their numbers.
[[nodiscard]] log::LogOptions log_options(const config::Config& config);
[[nodiscard]] log::StreamSettings stream_settings(const config::StreamConfig& stream);
[[nodiscard]] std::vector<broker::RouteSettings> route_settings(
    const std::vector<config::RouteConfig>& bridge);
[[nodiscard]] broker::BrokerSettings broker_settings(const config::MqttConfig& mqtt,
                                                     const config::Limits& limits);
[[nodiscard]] gateway::InputLimits input_limits(const config::Limits& limits);
[[nodiscard]] gateway::AddressLimitSettings address_limits(const config::Limits& limits);
[[nodiscard]] gateway::TlsSettings tls_settings(const config::TlsFiles& files);
[[nodiscard]] gateway::HttpSettings http_settings(const config::Limits& limits);

} // namespace holdfast::app
