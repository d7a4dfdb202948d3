#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::broker {

class Broker;

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
    std::string why{}; // of a denied one, the rule that decided
};

// An MQTT session, connected or waiting for its client.
struct ClientInfo {
    std::string client_id;
    std::string user;     // empty: anonymous, or everybody's
    std::string address;  // empty: not connected
    std::string listener; // Door::listener; empty: not connected
    bool is_connected = false;
    bool is_persistent = false;
    bool is_slowed = false;            // in the last seconds it sent more than it may, and waited
    std::int64_t connected_ms = 0;     // epoch milliseconds: since when it is; 0 = it is not
    std::int64_t disconnected_ms = 0;  // the same of one that is not; 0 = it is
    std::uint8_t protocol_version = 0; // 3, 4, 5
    std::uint32_t keep_alive_s = 0;    // 0 = none
    std::size_t subscription_count = 0;
    // Waiting for it; of a persistent session with what is in flight, which stays stored until it
    // is acknowledged.
    std::uint64_t queued_messages = 0;
    std::uint64_t queued_bytes = 0;
    std::size_t in_flight = 0; // sent with QoS 1 or 2 and not acknowledged

    // Only of one that was asked for by its client id.
    std::vector<std::string> roles;              // that it has now; none where all may do all
    std::vector<SubscriptionInfo> subscriptions; // by filter, the first kSubscriptionsShown
    std::vector<Refusal> refusals;               // the last few, oldest first
    static constexpr std::size_t kSubscriptionsShown = 1'000;
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
// must not block. Where the shards have ended it is not called, but goes.
class Clients {
public:
    virtual ~Clients() = default;

    // Those with the first client ids. Cost: a look at every session, in slices that let a shard
    // serve its connections in between; a shard copies at most limit + 1 at a time.
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

// Over all shards of the broker, which outlives it. Once all ports are added.
[[nodiscard]] std::unique_ptr<Clients> clients_of(Broker& broker);

} // namespace holdfast::broker
