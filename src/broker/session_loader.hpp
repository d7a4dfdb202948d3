#pragma once

#include "broker/delivery_budget.hpp"
#include "broker/session_codec.hpp"
#include "broker/shard_context.hpp"

#include <functional>
#include <string_view>

namespace holdfast::broker {

// Takes up the persistent sessions of one shard at the start, from the log's keyed state.
class SessionLoader {
public:
    SessionLoader(ShardContext& context, DeliveryBudget& budget)
        : context_(context), budget_(budget) {}

    // One that is damaged is set aside and named. Before the shard runs. Errors: io.
    [[nodiscard]] Result<void> load();

private:
    using EachKey = std::function<Result<void>(std::string_view key, std::string_view value)>;
    [[nodiscard]] Result<void> scan(const Session& session, SessionKey kind, const EachKey& each);
    [[nodiscard]] Result<void> take_up(std::string_view client_id, std::string_view value);
    [[nodiscard]] Result<void> load_subscriptions(Session& session);
    [[nodiscard]] Result<void> load_unreleased(Session& session);
    [[nodiscard]] Result<void> load_outgoing(Session& session);
    [[nodiscard]] Result<void> load_queue(Session& session);
    [[nodiscard]] Result<void> load_will(Session& session);
    void leave(Session& session);
    void begin_absence(PersistentState& state);

    ShardContext& context_;
    DeliveryBudget& budget_;
};

} // namespace holdfast::broker
