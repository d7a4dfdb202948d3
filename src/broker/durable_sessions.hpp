#pragma once

#include "broker/session.hpp"
#include "broker/session_store.hpp"

#include <holdfast/broker/shard.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace holdfast::broker {

// A shard's sessions that outlive their connections (MQTT5 section 4.1): what of them is stored,
// and what happens to them while nobody is connected.
class DurableSessions {
public:
    explicit DurableSessions(Shard& shard) : shard_(shard) {}

    // Takes up the stored sessions that live on this shard; one that is damaged is set aside and
    // named. Before it runs. Errors: io.
    [[nodiscard]] Result<void> load();
    // Removes what sessions left behind that are gone. Before any shard runs. Errors: io.
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
    // It has no connection, and its time is over.
    [[nodiscard]] bool is_over(const Session& session) const;

private:
    using EachKey = std::function<Result<void>(std::string_view key, std::string_view value)>;
    [[nodiscard]] Result<void> scan(const Session& session, SessionKey kind, const EachKey& each);
    [[nodiscard]] Result<void> take_up(std::string_view client_id, std::string_view value);
    [[nodiscard]] Result<void> load_subscriptions(Session& session);
    [[nodiscard]] Result<void> load_unreleased(Session& session);
    [[nodiscard]] Result<void> load_outgoing(Session& session);
    [[nodiscard]] Result<void> load_queue(Session& session);
    [[nodiscard]] Result<void> load_will(Session& session);
    void begin(Session& session, std::uint64_t id);
    void leave(Session& session);
    void begin_absence(DurableState& state);
    void schedule_will(Session& session);
    [[nodiscard]] static StoredSession stored(const Session& session);
    void store(Session& session);
    void remove_chunks(std::uint64_t id, std::string after);

    Shard& shard_;
};

} // namespace holdfast::broker
