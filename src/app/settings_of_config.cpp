#include "app/settings_of_config.hpp"

#include "app/keyspaces.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>

namespace holdfast::app {
namespace {

// No `default`: the compiler names the place here when a choice is added in the configuration.
log::Durability durability(config::Durability from) {
    switch (from) {
        case config::Durability::fsync: return log::Durability::fsync;
        case config::Durability::os: return log::Durability::os;
    }
    std::terminate();
}

record::Compression compression(config::Compression from) {
    switch (from) {
        case config::Compression::none: return record::Compression::none;
        case config::Compression::gzip: return record::Compression::gzip;
        case config::Compression::snappy: return record::Compression::snappy;
        case config::Compression::lz4: return record::Compression::lz4;
        case config::Compression::zstd: return record::Compression::zstd;
    }
    std::terminate();
}

log::TimestampType timestamp_type(config::TimestampType from) {
    switch (from) {
        case config::TimestampType::create: return log::TimestampType::create;
        case config::TimestampType::append: return log::TimestampType::append;
    }
    std::terminate();
}

log::CleanupPolicy cleanup_policy(config::CleanupPolicy from) {
    switch (from) {
        case config::CleanupPolicy::expire: return log::CleanupPolicy::expire;
        case config::CleanupPolicy::compact: return log::CleanupPolicy::compact;
        case config::CleanupPolicy::compact_and_expire:
            return log::CleanupPolicy::compact_and_expire;
    }
    std::terminate();
}

gateway::ClientCertificates client_certificates(config::TlsClients from) {
    switch (from) {
        case config::TlsClients::off: return gateway::ClientCertificates::off;
        case config::TlsClients::asked: return gateway::ClientCertificates::asked;
        case config::TlsClients::required: return gateway::ClientCertificates::required;
    }
    std::terminate();
}

} // namespace

log::LogOptions log_options(const config::Config& config) {
    log::LogOptions to;
    to.directory = config.data_dir / "log";
    to.keyspaces = keyspaces();
    to.disk_bytes_max = config.limits.disk_bytes;
    to.disk_beside = config.data_dir / "history";
    to.disk_reserve_bytes = config.limits.disk_reserve_bytes;
    // The database's part of limits.memory: its write buffers and its cache.
    const std::size_t share = config.limits.memory_bytes / 16;
    to.write_buffer_bytes = std::min(to.write_buffer_bytes, share);
    to.block_cache_bytes = std::min(to.block_cache_bytes, share);
    return to;
}

log::StreamSettings stream_settings(const config::StreamConfig& stream) {
    log::StreamSettings to;
    to.name = stream.name;
    to.partitions = stream.partitions;
    to.retention_ms = stream.retention_ms;
    to.retention_bytes = stream.retention_bytes;
    to.durability = durability(stream.durability);
    to.compression = compression(stream.compression);
    to.message_bytes_max = stream.message_bytes_max;
    to.timestamp_type = timestamp_type(stream.timestamp_type);
    to.cleanup_policy = cleanup_policy(stream.cleanup_policy);
    to.delete_retention_ms = static_cast<std::int64_t>(stream.delete_retention_ms);
    to.dirty_ratio_min = stream.dirty_ratio_min;
    return to;
}

std::vector<broker::RouteSettings> route_settings(const std::vector<config::RouteConfig>& bridge) {
    std::vector<broker::RouteSettings> to;
    for (const config::RouteConfig& route : bridge)
        to.push_back({route.topic, route.stream, route.device});
    return to;
}

broker::BrokerSettings broker_settings(const config::MqttConfig& mqtt,
                                       const config::Limits& limits) {
    broker::BrokerSettings to;
    to.packet_bytes_max = mqtt.packet_bytes_max;
    to.drops_refused_publish = mqtt.refused_publish == config::RefusedPublish::drop;
    to.receive_maximum = mqtt.receive_maximum;
    to.keep_alive_max_s = mqtt.keep_alive_max_s;
    to.connect_timeout_ms = mqtt.connect_timeout_ms;
    to.session_queue_bytes_max = mqtt.session_queue_bytes;
    to.topic_alias_maximum = mqtt.topic_alias_maximum;
    to.subscriptions_max = mqtt.subscriptions_max;
    to.session_expiry_max_s = mqtt.session_expiry_max_s;
    to.session_messages_max = mqtt.session_messages_max;
    to.session_bytes_max = mqtt.session_bytes_max;
    to.retained_bytes_max = mqtt.retained_bytes_max;
    to.connections_per_user = limits.connections_per_user;
    return to;
}

gateway::InputLimits input_limits(const config::Limits& limits) {
    return {limits.message_rate_per_client, limits.byte_rate_per_client};
}

gateway::AddressLimitSettings address_limits(const config::Limits& limits) {
    return {limits.connections_per_address, limits.connect_rate_per_address};
}

gateway::TlsSettings tls_settings(const config::TlsFiles& files) {
    return {files.certificate, files.key, client_certificates(files.clients), files.client_ca};
}

gateway::HttpSettings http_settings(const config::Limits& limits) {
    gateway::HttpSettings to;
    to.body_bytes_max = limits.http_body_bytes;
    to.idle_limit = std::chrono::milliseconds(limits.http_idle_ms);
    to.request_limit = std::chrono::milliseconds(limits.http_request_ms);
    to.connections_max = limits.http_connections;
    return to;
}

} // namespace holdfast::app
