#pragma once

#include "broker/delivery_budget.hpp"
#include "broker/session_codec.hpp"
#include "broker/shard_context.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::broker {

// The session outlives its connections from now on. `id`: no session had it before, or it is the
// stored one's.
void make_persistent(Broker& broker, Session& session, std::uint64_t id);
// When the will of a session that has no connection is due.
void schedule_will(Session& session);

// A shard's sessions that outlive their connections (MQTT5 section 4.1): what of them is stored,
// and what happens to them while nobody is connected.
class PersistentSessions {
public:
    PersistentSessions(ShardContext& context, DeliveryBudget& budget)
        : context_(context), budget_(budget) {}

    // The session has a connection, and is kept for `expiry_s` when it has none any more.
    void connected(Session& session, std::uint32_t expiry_s);
    void set_expiry(Session& session, std::uint32_t expiry_s);
    void subscribed(Session& session, std::string_view filter, const Subscription& subscription);
    void unsubscribed(Session& session, std::string_view filter);
    // The will is no more: published, or withdrawn.
    void drop_will(Session& session);
    // The connection is gone, the session stays.
    void disconnected(Session& session);
    // Everything stored of it goes.
    void remove(Session& session);
    // It has no connection, and its time is over.
    [[nodiscard]] bool is_over(const Session& session) const;

private:
    [[nodiscard]] static StoredSession stored(const Session& session);
    void store(Session& session);
    void remove_chunks(std::uint64_t id, std::string after);

    ShardContext& context_;
    DeliveryBudget& budget_;
};

} // namespace holdfast::broker
