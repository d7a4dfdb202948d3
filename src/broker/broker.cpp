#include <holdfast/broker/broker.hpp>

#include "broker/orphaned_state.hpp"

#include <holdfast/broker/shard.hpp>

#include <memory>
#include <utility>

namespace holdfast::broker {
namespace {

std::size_t bytes_of(const PublishBatch& batch) {
    std::size_t sum = 0;
    for (const OutMessage& message : batch.messages)
        sum += message.topic.size() + message.payload.size() + message.device.size() + 64;
    for (const log::StateChange& change : batch.state_changes)
        sum += change.key.size() + (change.value ? change.value->size() : 0) + 64;
    return sum;
}

constexpr std::string_view kDropped = "holdfast_mqtt_messages_dropped";
constexpr std::string_view kDroppedHelp = "Messages not delivered or not stored, by reason.";

} // namespace

BrokerCounters::BrokerCounters(Metrics& metrics)
    : connects(metrics.counter("holdfast_mqtt_connects", "MQTT connections accepted.")),
      refused_connects(
          metrics.counter("holdfast_mqtt_connects_refused", "MQTT CONNECT packets refused.")),
      received(metrics.counter("holdfast_mqtt_messages_received", "PUBLISH packets received.")),
      delivered(metrics.counter("holdfast_mqtt_messages_delivered",
                                "PUBLISH packets sent to subscribers.")),
      dropped_slow(metrics.counter(kDropped, kDroppedHelp, "reason=\"slow_subscriber\"")),
      dropped_too_large(metrics.counter(kDropped, kDroppedHelp, "reason=\"packet_too_large\"")),
      dropped_no_stream(metrics.counter(kDropped, kDroppedHelp, "reason=\"no_stream\"")),
      dropped_not_stored(metrics.counter(kDropped, kDroppedHelp, "reason=\"not_stored\"")),
      dropped_queue_full(metrics.counter(kDropped, kDroppedHelp, "reason=\"queue_full\"")),
      dropped_expired(metrics.counter(kDropped, kDroppedHelp, "reason=\"expired\"")),
      dropped_gone(metrics.counter(kDropped, kDroppedHelp, "reason=\"gone\"")),
      closed_slow(metrics.counter("holdfast_mqtt_slow_subscribers_closed",
                                  "QoS 1 subscribers closed because their queue was full.")),
      protocol_errors(
          metrics.counter("holdfast_mqtt_protocol_errors", "Connections closed for bad packets.")),
      refused_publish(metrics.counter("holdfast_mqtt_refused_publish",
                                      "Messages and wills refused for want of a right.")),
      refused_subscribe(metrics.counter("holdfast_mqtt_refused_subscribe",
                                        "Topic filters refused for want of a right.")),
      dropped_denied(metrics.counter(kDropped, kDroppedHelp, "reason=\"denied\"")),
      refused_limit(metrics.counter("holdfast_mqtt_refused_limit",
                                    "CONNECT packets refused for a limit of user or address.")),
      slowed(metrics.counter("holdfast_mqtt_slowed",
                             "Times that a client sent more than it may and was not read.")) {}

Broker::Broker(BrokerSettings settings, Bridge bridge, log::Log& log, const Clock& clock,
               MemoryAccount& memory, Metrics& metrics)
    : settings_(settings),
      bridge_(std::move(bridge)),
      log_(log),
      clock_(clock),
      expiry_clock_(clock),
      memory_(memory),
      counters_(metrics),
      retained_(settings.retained_bytes_max, metrics),
      // Behind all that clocks before this one gave out, for what a removed session left behind.
      next_session_id_(static_cast<std::uint64_t>(clock.now_ms()) << 16U) {
    metrics.gauge("holdfast_mqtt_subscriptions", "Subscriptions of all sessions.",
                  [this] { return static_cast<double>(subscriptions_.size()); });
    metrics.gauge("holdfast_mqtt_clients", "Connected MQTT clients.", [this] {
        return static_cast<double>(client_count_.load(std::memory_order_relaxed));
    });
    metrics.gauge("holdfast_mqtt_sessions", "Persistent sessions, connected or not.", [this] {
        return static_cast<double>(session_count_.load(std::memory_order_relaxed));
    });
    metrics.gauge("holdfast_queued_bytes", "Bytes queued on behalf of peers.",
                  [this] { return static_cast<double>(memory_.used_bytes()); });
}

Result<void> Broker::load() {
    HF_TRY(retained_.load(log_, expiry_clock_.now_ms()));
    return remove_orphaned_state(log_);
}

void Broker::follow_rights() {
    for (ShardPort* const port : ports_) port->post([](Shard& shard) { shard.follow_rights(); });
}

void Broker::publish(PublishBatch batch, Done done) {
    const std::size_t bytes = bytes_of(batch);
    ShardPort& port = *ports_[next_port_.fetch_add(1, std::memory_order_relaxed) % ports_.size()];
    const bool has_room = memory_.try_take(bytes);
    auto shared = std::make_shared<PublishBatch>(std::move(batch)); // std::function wants copies
    port.post([this, bytes, has_room, shared, done = std::move(done)](Shard& shard) {
        if (!has_room) {
            done(fail(Errc::limit_exceeded, "too many messages are waiting to be stored"));
            return;
        }
        shard.publish(std::move(*shared), [this, bytes, done](auto placed) {
            memory_.give_back(bytes);
            done(std::move(placed));
        });
    });
}

} // namespace holdfast::broker
