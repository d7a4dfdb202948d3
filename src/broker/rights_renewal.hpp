#pragma once

#include "broker/doorkeeper.hpp"
#include "broker/retained_sender.hpp"
#include "broker/session_closer.hpp"
#include "broker/shard_context.hpp"

#include <cstdint>
#include <memory>

namespace holdfast::broker {

// Brings sessions up to the rights of now after users or rights changed, a stretch of them a turn.
// Offline ones, too: what is not allowed any more gathers nothing for later.
class RightsRenewal {
public:
    // The parts of the shard that it calls.
    struct Needs {
        Doorkeeper& doorkeeper;
        SessionCloser& closer;
        RetainedSender& retained_sender;
    };
    RightsRenewal(ShardContext& context, const Needs& needs) : context_(context), needs_(needs) {}

    // Nothing where all sessions have the rights of the gate's version, or are about to.
    void follow();

private:
    void go_on();
    void renew(Session& session);
    void expel(Session& session, std::shared_ptr<const Admission> kept);
    void shut_out(Session& session, std::string_view why);

    ShardContext& context_;
    const Needs needs_;
    std::uint64_t version_ = 0; // that all sessions have, or will have at the end of the pass
    std::uint32_t next_slot_ = 0;
    bool is_running_ = false;
};

} // namespace holdfast::broker
