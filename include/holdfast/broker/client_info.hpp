#pragma once

#include <holdfast/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::broker {

// Something a client was not allowed to do.
struct Refusal {
    std::int64_t at_ms = 0; // epoch milliseconds
    std::string client_id;
    std::string user; // empty: anonymous, or not proven
    std::string address;
    std::string action;   // "connect", "publish", "subscribe", "receive"
    std::string resource; // the topic, topic filter or client id
    std::string why;      // the rule that decided, as access::Decision has it, or what was wrong
};

// A subscription of a client. A denied one was allowed when it was made: it gets nothing, and
// comes back to life with the right.
struct SubscriptionInfo {
    std::string filter;
    std::uint8_t qos = 0;
    bool is_denied = false;
};

// An MQTT session, connected or waiting for its client.
struct ClientInfo {
    std::string client_id;
    std::string user;     // empty: anonymous
    std::string address;  // empty: not connected
    std::string listener; // Door::listener; empty: not connected
    bool is_connected = false;
    bool is_persistent = false;
    std::uint8_t protocol_version = 0; // 3, 4, 5
    std::uint32_t keep_alive_s = 0;    // 0 = none
    std::size_t subscription_count = 0;
    std::uint64_t queued_messages = 0; // waiting for it
    std::uint64_t queued_bytes = 0;
    std::size_t in_flight = 0; // sent with QoS 1 or 2 and not acknowledged

    // Only of one that was asked for by its client id.
    std::vector<SubscriptionInfo> subscriptions; // by filter
    std::vector<Refusal> refusals;               // the last few, oldest first
};

struct ClientQuery {
    std::string search; // part of the client id, user or address; empty: all
    std::size_t limit = 100;
};

struct ClientList {
    std::vector<ClientInfo> clients; // by client id
    bool is_truncated = false;       // there are more than the limit
};

// What the broker tells of its clients. Thread-safe; `done` is called once, on a shard thread, and
// must not block.
class Clients {
public:
    virtual ~Clients() = default;

    virtual void list(ClientQuery query, std::function<void(ClientList)> done) = 0;
    // Of one client. Nothing where there is no session of that id and none was refused lately; of
    // an id that was only refused, `refusals` is set and protocol_version is 0.
    virtual void find(std::string client_id,
                      std::function<void(std::optional<ClientInfo>)> done) = 0;
    // Ends the connection, not the session: reason 0x98, Administrative action. `done`: whether
    // there was one.
    virtual void disconnect(std::string client_id, std::string why,
                            std::function<void(bool)> done) = 0;
};

} // namespace holdfast::broker
