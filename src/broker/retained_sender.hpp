#pragma once

#include "broker/outbound.hpp"
#include "broker/shard_context.hpp"

#include <holdfast/broker/retained.hpp>

#include <string_view>
#include <vector>

namespace holdfast::broker {

// Sends retained messages to those who have just subscribed: a stretch of topics a turn, as fast as
// the client reads, so that 100,000 of them starve nobody.
class RetainedSender {
public:
    RetainedSender(ShardContext& context, Outbound& outbound)
        : context_(context), outbound_(outbound) {}

    // After the subscriptions were made.
    void start(Session& session, std::vector<RetainedScan> scans);
    // The session has not that subscription any more.
    void forget(Session& session, std::string_view filter);
    // The client has taken what was sent.
    void go_on(Session& session);

private:
    void begin(SessionRef ref, const std::vector<RetainedScan>& scans);
    // True when the scan is through.
    bool step(Session& session, RetainedScan& scan);
    void send(Session& session, const RetainedScan& scan, std::string_view topic,
              const RetainedMessage& message);

    ShardContext& context_;
    Outbound& outbound_;
};

} // namespace holdfast::broker
