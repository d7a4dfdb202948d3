#pragma once

#include "broker/batch_publisher.hpp"
#include "broker/doorkeeper.hpp"
#include "broker/outbound.hpp"
#include "broker/persistent_sessions.hpp"
#include "broker/shard_context.hpp"

#include <holdfast/mqtt/reason_code.hpp>

#include <string_view>

namespace holdfast::broker {

// How connections and sessions end, whoever ends them: client, server, keep alive, expiry.
class SessionCloser final : public ConnectionCloser {
public:
    SessionCloser(ShardContext& context, Doorkeeper& doorkeeper, Outbound& outbound,
                  BatchPublisher& publisher, PersistentSessions& persistent)
        : context_(context),
          doorkeeper_(doorkeeper),
          outbound_(outbound),
          publisher_(publisher),
          persistent_(persistent) {}

    // Says goodbye as the client's version allows, and closes.
    void disconnect(Session& session, mqtt::ReasonCode reason, std::string_view why);
    void close(Session& session, std::string_view why) { close(session, why, true); }
    // A persistent session stays, offline; any other ends.
    void close(Session& session, std::string_view why, bool lingers) override;
    // Ends a session that has no connection any more; it is freed.
    void end(Session& session);
    // It will not be published.
    void drop_will(Session& session);
    // What is due of a session that has no connection. May end it.
    void look_after(Session& session);

private:
    void publish_will(const Session& session);

    ShardContext& context_;
    Doorkeeper& doorkeeper_;
    Outbound& outbound_;
    BatchPublisher& publisher_;
    PersistentSessions& persistent_;
    Bytes scratch_; // one DISCONNECT
};

} // namespace holdfast::broker
