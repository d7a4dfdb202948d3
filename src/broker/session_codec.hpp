#pragma once

#include "broker/session.hpp"

#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/log/append.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::broker {

// Keys and values of kSessionsKeyspace (docs/format/sessions.md): what a persistent session leaves
// behind. All but the session's own record are keyed by its number, which no other ever has.

struct StoredSession {
    std::uint64_t id = 0;
    std::uint32_t expiry_s = 0;       // kNoExpiry = never
    std::int64_t disconnected_ms = 0; // epoch milliseconds; 0 = was connected when it was written
    mqtt::Version version = mqtt::Version::v311;
    // Where its queue stood when it lost its connection: so many messages of that chunk, and all of
    // those before, had been sent.
    std::uint64_t chunk = 0;
    std::uint32_t chunk_messages = 0;
    std::optional<std::string> owner{}; // PersistentState::owner
    std::string owner_common_name{};    // only with an owner
};

// An outgoing QoS 2 message under way: its chunk, or released, when only its packet id counts.
struct StoredOutgoing {
    bool is_released = false;
    std::uint64_t chunk = 0;
};

enum class SessionKey : char {
    session = 's',      // client id
    damaged = 'd',      // client id: a session's record that was set aside
    subscription = 'f', // id, topic filter
    chunk = 'q',        // id, number of the chunk
    unreleased = 'r',   // id, packet id: incoming QoS 2
    outgoing = 'o',     // id, packet id: outgoing QoS 2
    will = 'w',         // id
};

[[nodiscard]] std::string session_key(std::string_view client_id);
[[nodiscard]] std::string damaged_key(std::string_view client_id);
// The start of all keys of that kind of one session.
[[nodiscard]] std::string key_prefix(SessionKey kind, std::uint64_t id);
[[nodiscard]] std::string subscription_key(std::uint64_t id, std::string_view filter);
[[nodiscard]] std::string chunk_key(std::uint64_t id, std::uint64_t number);
[[nodiscard]] std::string packet_key(SessionKey kind, std::uint64_t id, std::uint16_t packet_id);
// Out of a key of kSessionsKeyspace. Errors: corrupt.
[[nodiscard]] Result<std::uint64_t> session_id_of(std::string_view key); // not SessionKey::session
[[nodiscard]] Result<std::uint64_t> chunk_number(std::string_view key);
[[nodiscard]] Result<std::uint16_t> packet_id_of(std::string_view key);

[[nodiscard]] std::string encode(const StoredSession& session);
[[nodiscard]] std::string encode(const Subscription& subscription);
[[nodiscard]] std::string encode(const StoredOutgoing& outgoing);
[[nodiscard]] std::string encode(const Will& will);
// Errors: corrupt.
[[nodiscard]] Result<StoredSession> decode_session(std::string_view value);
[[nodiscard]] Result<Subscription> decode_subscription(std::string_view value); // without session
[[nodiscard]] Result<StoredOutgoing> decode_outgoing(std::string_view value);
[[nodiscard]] Result<Will> decode_will(std::string_view value);

[[nodiscard]] inline log::StateChange put(std::string key, std::string value) {
    return {kSessionsKeyspace, std::move(key), std::move(value)};
}
[[nodiscard]] inline log::StateChange removal(std::string key) {
    return {kSessionsKeyspace, std::move(key), {}};
}

} // namespace holdfast::broker
