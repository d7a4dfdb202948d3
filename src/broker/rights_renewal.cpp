#include "broker/rights_renewal.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/shard.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <utility>

namespace holdfast::broker {
namespace {

constexpr std::uint32_t kSlotsPerTurn = 1000;

} // namespace

void RightsRenewal::follow() {
    const Gate* const gate = context_.broker.gate();
    if (gate == nullptr || version_ == gate->version()) return;
    version_ = gate->version();
    next_slot_ = 0; // also where a pass is under way: those behind it have older rights again
    if (!std::exchange(is_running_, true)) go_on();
}

void RightsRenewal::go_on() {
    const std::uint32_t end = context_.sessions.slot_count();
    for (std::uint32_t left = kSlotsPerTurn; left != 0 && next_slot_ < end; --left)
        renew(context_.sessions[next_slot_++]);
    if (next_slot_ >= end) {
        is_running_ = false;
        return;
    }
    context_.broker.port(context_.index).post([this](Shard&) { go_on(); });
}

void RightsRenewal::renew(Session& session) {
    if (session.state != SessionState::connected && session.state != SessionState::offline) return;
    auto renewed = needs_.doorkeeper.renewed(session);
    if (!renewed) return;
    if (*renewed == nullptr) {
        if (auto kept = needs_.doorkeeper.with_other_password(session))
            return expel(session, std::move(kept));
        return shut_out(session, "its user is gone or disabled");
    }
    needs_.doorkeeper.admit(session, std::move(*renewed));
    if (session.will &&
        !needs_.doorkeeper.allows(session, access::Action::publish,
                                  access::Resource::topic(session.will->message.topic))) {
        context_.broker.counters().refused_publish.add();
        needs_.closer.drop_will(session);
    }
    if (session.subscriber)
        for (const auto& [filter, subscription] : session.subscriber->subscriptions)
            if (subscription.is_denied) needs_.retained_sender.forget(session, filter);
    if (session.state == SessionState::connected &&
        !needs_.doorkeeper.allows(session, access::Action::connect,
                                  access::Resource::client_id(session.client_id)))
        needs_.closer.disconnect(session, mqtt::ReasonCode::not_authorized,
                                 "no right to connect with this client id any more");
}

// Of the connection alone: whoever knows the new password takes the session up again.
void RightsRenewal::expel(Session& session, std::shared_ptr<const Admission> kept) {
    constexpr std::string_view kWhy = "the password that it came with is not the user's any more";
    log_info("mqtt", "client '{}' is disconnected: {}", session.client_id, kWhy);
    const SessionRef ref = session.ref;
    needs_.closer.drop_will(session);
    if (session.state == SessionState::connected)
        needs_.closer.disconnect(session, mqtt::ReasonCode::not_authorized, kWhy);
    Session* const offline = context_.sessions.find(ref);
    if (offline != nullptr) needs_.doorkeeper.admit(*offline, std::move(kept));
}

// Of the connection and the session: nothing is published or kept for somebody who is no more.
void RightsRenewal::shut_out(Session& session, std::string_view why) {
    log_info("mqtt", "the session of client '{}' ends: {}", session.client_id, why);
    const SessionRef ref = session.ref;
    needs_.closer.drop_will(session);
    if (session.state == SessionState::connected)
        needs_.closer.disconnect(session, mqtt::ReasonCode::not_authorized, why);
    Session* const offline = context_.sessions.find(ref); // persistent ones are there still
    if (offline != nullptr) needs_.closer.end(*offline);
}

} // namespace holdfast::broker
