#pragma once

#include "broker/packet_ids.hpp"
#include "broker/persistent_state.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/broker/gate.hpp>
#include <holdfast/broker/peer.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/broker/subscription_index.hpp>
#include <holdfast/broker/topic_cache.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::broker {

enum class SessionState : std::uint8_t {
    free,       // nobody's slot
    connecting, // accepted, CONNECT not seen
    connected,
    closing, // says its last words, inside Shard::close()
    offline, // persistent, without a connection
};

// QoS 2 messages that a client has published and not released yet, by packet id: true once it was
// told that the message is stored (PUBREC).
using UnreleasedIds = std::unordered_map<std::uint16_t, bool>;

// What is published for a client that goes without saying goodbye (MQTT5 section 3.1.2.5).
struct Will {
    OutMessage message;
    std::uint32_t delay_s = 0; // of a session that outlives its connection
};

// Retained messages on their way to a new subscription.
struct RetainedScan {
    std::string filter;
    std::uint8_t qos = 0;
    std::uint32_t identifier = 0; // 0 = none
    std::string after;            // topics up to here are done
    bool is_begun = false;        // its first stretch is read, or under way
    std::uint8_t rereads = 0;     // of the stretch that is under way
};

// What only subscribers need, so that a session that only publishes stays small.
struct SubscriberState {
    std::map<std::string, Subscription, std::less<>> subscriptions; // by filter
    PacketIds packet_ids;
    // QoS 1 and 2 packets (encoded, id not yet set) beyond the client's receive maximum.
    std::deque<Bytes> queue;
    std::size_t queue_bytes = 0;
    std::size_t queue_unchecked = 0; // of its first: granted by rights that were others then
    std::deque<RetainedScan> retained_scans;
    bool retained_is_reading = false; // a stretch of the first of them, away from the event loop
};

// One MQTT session: a connection, and what is kept with it. Lives in its shard's slot table. A
// persistent one keeps its slot while it has no connection, and the next connection moves in.
struct Session {
    SessionRef ref;
    SessionState state = SessionState::free;
    mqtt::Version version = mqtt::Version::v311;
    bool wants_problem_information = true;
    // CONNECT came, its session is being stored: nothing is sent, and what follows waits.
    bool awaits_connack = false;
    bool is_narrowed = false; // a subscription is denied: what is under way is looked at again
    bool awaits_gate = false; // CONNECT came, and stays in `partial` until it is known who sends it
    std::uint16_t inbound_unacked = 0; // QoS 1 and 2 received, PUBACK or PUBCOMP not sent
    std::uint16_t receive_maximum = PacketIds::kMax; // QoS 1 and 2 the client takes at a time
    std::uint32_t packet_bytes_max = UINT32_MAX;     // that the client takes
    std::uint32_t keep_alive_ms = 0;                 // 1.5 times what was agreed; 0 = none
    std::int64_t last_read_ms = 0;                   // monotonic
    std::int64_t connected_ms = 0; // epoch milliseconds: when the connection was accepted
    std::size_t unsent_bytes = 0;  // memory of what the transport keeps for it
    std::int64_t sent_ms = 0;      // monotonic: since when its client has done nothing about it
    std::int64_t slowed_ms = kNeverSlowed; // monotonic: when it was last not read for a while
    Peer peer;
    std::shared_ptr<const void> user_place;     // among its user's connections; null: not counted
    std::shared_ptr<const Admission> admission; // null: may do everything
    std::uint64_t rights_id = 0;                // names its rights in this shard; 0 = everything
    std::string client_id;
    std::uint32_t client_hash = 0; // record::key_hash() of it
    Bytes client_header;           // mqtt.client, encoded
    Bytes partial;                 // start of a packet whose rest has not come
    std::size_t partial_bytes = 0; // of it, that the memory account was asked for
    std::size_t kept_bytes = 0;    // what it keeps as long as it lives (session_memory.hpp)

    TopicEntry* last_topic = nullptr; // of the last PUBLISH, while the cache's epoch is
    std::uint32_t last_topic_epoch = 0;
    std::unique_ptr<std::vector<std::string>> topic_aliases; // MQTT 5, by alias - 1; empty = unset
    std::unique_ptr<UnreleasedIds> unreleased;               // null = none
    std::unique_ptr<Will> will;                              // null = none
    std::unique_ptr<SubscriberState> subscriber;
    std::unique_ptr<PersistentState> persistent; // null: ends with its connection
    static constexpr std::int64_t kNeverSlowed = std::numeric_limits<std::int64_t>::min() / 2;
    std::uint32_t connection = 0; // counts connections of this session

    // Pieces to send at the end of the turn: a chain in Outbound; 0 = none.
    std::uint32_t first_piece = 0;
    std::uint32_t last_piece = 0;

    // What waits in memory until the client reads or acknowledges.
    [[nodiscard]] std::size_t waiting_bytes() const noexcept {
        return unsent_bytes + (subscriber ? subscriber->queue_bytes : 0);
    }
    // What the delivery budget has given for it.
    [[nodiscard]] std::size_t held_bytes() const noexcept {
        return waiting_bytes() + (persistent ? persistent->in_flight.size() * kInFlightBytes : 0);
    }
    [[nodiscard]] bool is_v5() const noexcept { return version == mqtt::Version::v5; }
    [[nodiscard]] UnreleasedIds& unreleased_ids() {
        if (!unreleased) unreleased = std::make_unique<UnreleasedIds>();
        return *unreleased;
    }
    [[nodiscard]] SubscriberState& as_subscriber() {
        if (!subscriber) subscriber = std::make_unique<SubscriberState>();
        return *subscriber;
    }
};

// Of messages that were on their way before its rights were what they are: what a subscription
// brings needs no such question, it was granted for all that it matches.
[[nodiscard]] inline bool may_receive(const Session& session, std::string_view topic) {
    return !session.admission || session.admission->rights.allows(access::Action::subscribe,
                                                                  access::Resource::topic(topic));
}

} // namespace holdfast::broker
