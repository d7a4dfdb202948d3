#include "broker/client_view.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/shard.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <utility>

namespace holdfast::broker {
namespace {

constexpr std::uint32_t kSlotsPerTurn = 1'000;
constexpr std::int64_t kSlowedForMs = 10'000;

bool is_shown(const Session& session) {
    return session.state == SessionState::connected || session.state == SessionState::offline;
}

// After a start a session is known by its owner, until its client comes again.
std::string_view user_of(const Session& session) {
    if (session.admission) return session.admission->principal.name;
    if (session.persistent && session.persistent->owner) return *session.persistent->owner;
    return {};
}

bool fits(const Session& session, std::string_view search) {
    const auto has_it = [&](std::string_view text) {
        return text.find(search) != std::string_view::npos;
    };
    return has_it(session.client_id) || has_it(user_of(session)) ||
           (session.state == SessionState::connected && has_it(session.peer.address));
}

void describe_queue(const Session& session, ClientInfo& info) {
    if (session.subscriber) {
        info.subscription_count = session.subscriber->subscriptions.size();
        info.in_flight = session.subscriber->packet_ids.used();
        info.queued_messages = session.subscriber->queue.size();
        info.queued_bytes = session.subscriber->queue_bytes;
    }
    if (!session.persistent) return;
    info.queued_messages += session.persistent->queue->messages();
    info.queued_bytes += session.persistent->queue->bytes();
}

ClientInfo describe(const Session& session, std::int64_t now_ms) {
    ClientInfo info;
    info.client_id = session.client_id;
    info.user = user_of(session);
    info.is_connected = session.state == SessionState::connected;
    info.is_persistent = session.persistent && session.persistent->expiry_s != 0;
    info.protocol_version = static_cast<std::uint8_t>(session.version);
    if (info.is_connected) {
        info.address = session.peer.address;
        if (session.peer.door) info.listener = session.peer.door->listener;
        info.connected_ms = session.connected_ms;
        info.is_slowed = now_ms - session.slowed_ms < kSlowedForMs;
        info.keep_alive_s = session.keep_alive_ms / 1'500; // 1.5 times what was agreed
    } else {
        info.disconnected_ms = session.persistent->disconnected_ms;
    }
    describe_queue(session, info);
    return info;
}

SubscriptionInfo describe(const Session& session, const std::string& filter,
                          const Subscription& subscription) {
    SubscriptionInfo info{filter, subscription.qos, subscription.is_denied, {}};
    if (subscription.is_denied && session.admission)
        info.why = session.admission->rights
                       .decide(access::Action::subscribe, access::Resource::topic_filter(filter))
                       .rule;
    return info;
}

} // namespace

void ClientView::list(ClientQuery query, Listed done) {
    go_on(std::make_shared<Scan>(Scan{std::move(query), std::move(done)}));
}

void ClientView::go_on(const std::shared_ptr<Scan>& scan) {
    const std::uint32_t end = context_.sessions.slot_count();
    for (std::uint32_t left = kSlotsPerTurn; left != 0 && scan->next_slot < end; --left)
        look_at(context_.sessions[scan->next_slot++], *scan);
    if (scan->next_slot < end)
        return context_.broker.port(context_.index).post([this, scan](Shard&) { go_on(scan); });
    ClientList list;
    list.is_truncated = scan->is_truncated;
    for (auto& [client_id, info] : scan->found) list.clients.push_back(std::move(info));
    scan->done(std::move(list));
}

void ClientView::look_at(const Session& session, Scan& scan) const {
    if (!is_shown(session) || !fits(session, scan.query.search)) return;
    auto& found = scan.found;
    const bool is_full = found.size() >= scan.query.limit;
    if (is_full && (found.empty() || session.client_id >= found.rbegin()->first)) {
        // Once more under another slot: it came again while the scan went on.
        scan.is_truncated |= !found.contains(session.client_id);
        return;
    }
    found.insert_or_assign(session.client_id, describe(session, context_.clock.monotonic_ms));
    if (found.size() <= scan.query.limit) return;
    found.erase(std::prev(found.end()));
    scan.is_truncated = true;
}

std::optional<ClientInfo> ClientView::find(std::string_view client_id) const {
    auto refusals = doorkeeper_.refusals_of(client_id);
    const Session* const session = context_.sessions.of_client(client_id);
    if (session == nullptr || !is_shown(*session)) {
        if (refusals.empty()) return std::nullopt;
        ClientInfo unknown;
        unknown.client_id = client_id;
        unknown.refusals = std::move(refusals);
        return unknown;
    }
    ClientInfo info = describe(*session, context_.clock.monotonic_ms);
    info.refusals = std::move(refusals);
    if (session->admission) info.roles = session->admission->principal.roles;
    if (!session->subscriber) return info;
    for (const auto& [filter, subscription] : session->subscriber->subscriptions) {
        if (info.subscriptions.size() == ClientInfo::kSubscriptionsShown) break;
        info.subscriptions.push_back(describe(*session, filter, subscription));
    }
    return info;
}

bool ClientView::disconnect(std::string_view client_id, std::string_view why) {
    Session* const session = context_.sessions.of_client(client_id);
    if (session == nullptr || session->state != SessionState::connected) return false;
    log_info("mqtt", "client '{}' from {} is disconnected: {}", client_id, session->peer.address,
             why);
    closer_.disconnect(*session, mqtt::ReasonCode::administrative_action, why);
    return true;
}

} // namespace holdfast::broker
