#pragma once

#include "broker/session.hpp"

#include <holdfast/broker/retained.hpp>
#include <holdfast/broker/shard.hpp>

#include <string_view>
#include <vector>

namespace holdfast::broker {

// Sends retained messages to those who have just subscribed: a stretch of topics a turn, as fast as
// the client reads, so that 100,000 of them starve nobody.
class RetainedSender {
public:
    explicit RetainedSender(Shard& shard) : shard_(shard) {}

    // After the subscriptions were made.
    // The session has not that subscription any more.
    void forget(Session& session, std::string_view filter);
    void start(Session& session, std::vector<RetainedScan> scans);
    // The client has taken what was sent.
    void go_on(Session& session);

private:
    void begin(SessionRef ref, const std::vector<RetainedScan>& scans);
    // True when the scan is through.
    bool step(Session& session, RetainedScan& scan);
    void send(Session& session, const RetainedScan& scan, std::string_view topic,
              const RetainedMessage& message);

    Shard& shard_;
};

} // namespace holdfast::broker
