#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/broker/subscription_index.hpp>
#include <holdfast/broker/topic_cache.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <bitset>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::broker {

enum class SessionState : std::uint8_t {
    free,       // the slot has no connection
    connecting, // accepted, CONNECT not seen
    on_hold,    // CONNECT seen, the session that had the client id before is still draining
    connected,
};

// Packet ids 1 .. 65535 under way to one subscriber, given out in turn.
class PacketIds {
public:
    static constexpr std::uint32_t kMax = 65'535;

    [[nodiscard]] std::uint32_t used() const noexcept { return used_; }
    // Not when all are used: asserted.
    [[nodiscard]] std::uint16_t take() noexcept;
    // False where `id` is not under way.
    [[nodiscard]] bool give_back(std::uint16_t id) noexcept;

private:
    std::bitset<kMax + 1> under_way_;
    std::uint32_t used_ = 0;
    std::uint16_t last_ = 0;
};

// What only subscribers need, so that a session that only publishes stays small.
struct SubscriberState {
    std::map<std::string, Subscription, std::less<>> subscriptions; // by filter
    PacketIds packet_ids;
    // QoS 1 packets (encoded, id not yet set) beyond the client's receive maximum.
    std::deque<Bytes> queue;
    std::size_t queue_bytes = 0;
};

// One MQTT connection of a clean session. Lives in its shard's slot table.
struct Session {
    SessionRef ref;
    SessionState state = SessionState::free;
    mqtt::Version version = mqtt::Version::v311;
    bool wants_problem_information = true;
    bool drops_noted = false;                        // a slow subscriber is logged once
    std::uint16_t inbound_unacked = 0;               // QoS 1 received, PUBACK not sent
    std::uint16_t receive_maximum = PacketIds::kMax; // QoS 1 the client takes at a time
    std::uint32_t packet_bytes_max = UINT32_MAX;     // that the client takes
    std::uint32_t keep_alive_ms = 0;                 // 1.5 times what was agreed; 0 = none
    std::int64_t last_read_ms = 0;                   // monotonic
    std::size_t unsent_bytes = 0;                    // in the transport
    std::string peer_address;
    std::string client_id;
    std::uint32_t client_hash = 0; // record::key_hash() of it
    Bytes client_header;           // mqtt.client, encoded
    Bytes partial;                 // start of a packet whose rest has not come
    std::size_t partial_bytes = 0; // of it, that the memory account was asked for

    TopicEntry* last_topic = nullptr; // of the last PUBLISH, while the cache's epoch is
    std::uint32_t last_topic_epoch = 0;
    std::unique_ptr<std::vector<std::string>> topic_aliases; // MQTT 5, by alias - 1; empty = unset
    std::unique_ptr<SubscriberState> subscriber;

    // Pieces to send at the end of the turn: a chain in Outbound; 0 = none.
    std::uint32_t first_piece = 0;
    std::uint32_t last_piece = 0;

    [[nodiscard]] bool is_v5() const noexcept { return version == mqtt::Version::v5; }
    [[nodiscard]] SubscriberState& as_subscriber() {
        if (!subscriber) subscriber = std::make_unique<SubscriberState>();
        return *subscriber;
    }
};

} // namespace holdfast::broker
