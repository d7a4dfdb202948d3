#pragma once

#include "broker/outbound.hpp"
#include "broker/shard_context.hpp"

#include <holdfast/broker/retained.hpp>

#include <string>
#include <string_view>
#include <utility>
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
    struct Stretch { // of the retained messages that a filter matches
        std::vector<std::pair<std::string, std::string>> messages; // topic and stored value
        std::string after;      // the last topic that was looked at
        bool is_through = true; // nothing was behind it
    };
    struct Asked { // what a stretch was read for
        RetainedScan scan;
        Retained::Changes changes; // when it was asked for
    };
    [[nodiscard]] static Stretch read(const log::Log& log, const RetainedScan& scan);
    void go_on_later(Session& session);
    void read_on(Session& session, RetainedScan& scan);
    void on_read(SessionRef ref, const Asked& asked, Stretch& stretch);
    void send_stretch(Session& session, RetainedScan& scan, const Stretch& stretch);
    void look_again(Stretch& stretch);
    void send(Session& session, const RetainedScan& scan, std::string_view topic,
              const RetainedMessage& message);

    ShardContext& context_;
    Outbound& outbound_;
};

} // namespace holdfast::broker
