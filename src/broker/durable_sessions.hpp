#pragma once

#include "broker/session.hpp"

#include <holdfast/broker/shard.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::broker {

// A shard's sessions that outlive their connections (MQTT5 section 4.1): what of them is stored,
// and what happens to them while nobody is connected.
class DurableSessions {
public:
    explicit DurableSessions(Shard& shard) : shard_(shard) {}

    // Takes up the stored sessions that live on this shard. Before it runs. Errors: io. What is
    // damaged is left out, and named in the server's log.
    [[nodiscard]] Result<void> load();
    // Removes what sessions left behind that are gone. Before any shard runs, after load().
    [[nodiscard]] static Result<void> remove_orphans(log::Log& log);

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
    // What is due of a session that has no connection. May end it.
    void look_after(Session& session);

private:
    void take_up(std::string_view client_id, std::string_view value);
    void load_subscriptions(Session& session);
    void load_under_way(Session& session);
    void load_queue(Session& session);
    void load_will(Session& session);
    void store(Session& session);
    void remove_chunks(std::uint64_t id, std::string after);

    Shard& shard_;
};

} // namespace holdfast::broker
