#include <config/sections.hpp>

#include <config/map_reader.hpp>

namespace holdfast::config {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20U;
constexpr std::uint64_t kDayMs = 86'400'000;

} // namespace

void read_mqtt(YAML::Node node, MqttConfig& out, Mistakes& mistakes) {
    MapReader map(std::move(node), "mqtt", mistakes);
    std::uint64_t keep_alive_max_ms = out.keep_alive_max_s * 1'000ULL;
    map.duration_ms("keep_alive_max", keep_alive_max_ms, 0, 65'535'000);
    out.keep_alive_max_s = static_cast<std::uint16_t>((keep_alive_max_ms + 999) / 1'000);
    map.integer("receive_maximum", out.receive_maximum, std::uint16_t{1}, std::uint16_t{65'535});
    std::uint64_t packet_bytes = out.packet_bytes_max;
    map.bytes("packet_bytes_max", packet_bytes, 256, 64 * kMiB);
    out.packet_bytes_max = static_cast<std::uint32_t>(packet_bytes);
    map.choice("refused_publish", out.refused_publish,
               {{"close", RefusedPublish::close}, {"drop", RefusedPublish::drop}});
    std::uint64_t connect_timeout = out.connect_timeout_ms;
    map.duration_ms("connect_timeout", connect_timeout, 100, 600'000);
    out.connect_timeout_ms = static_cast<std::uint32_t>(connect_timeout);
    map.bytes("session_queue", out.session_queue_bytes, 64 * 1024, 4096 * kMiB);
    map.integer("topic_alias_maximum", out.topic_alias_maximum, std::uint16_t{0},
                std::uint16_t{1'024});
    map.integer("subscriptions_max", out.subscriptions_max, 1U, 1'000'000U);
    std::uint64_t expiry_max_ms = out.session_expiry_max_s * 1'000ULL;
    map.duration_ms("session_expiry_max", expiry_max_ms, 0, 3'650 * kDayMs);
    out.session_expiry_max_s = static_cast<std::uint32_t>((expiry_max_ms + 999) / 1'000);
    map.integer("session_messages", out.session_messages_max, std::uint64_t{1},
                std::uint64_t{100'000'000});
    map.bytes("session_bytes", out.session_bytes_max, 64 * 1024, 1024 * 1024 * kMiB);
    map.bytes("retained_bytes", out.retained_bytes_max, 0, 64 * 1024 * kMiB);
    map.finish();
}

} // namespace holdfast::config
