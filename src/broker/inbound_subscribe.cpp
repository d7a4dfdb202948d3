#include "broker/inbound.hpp"

#include "broker/doorkeeper.hpp"
#include "broker/outbound.hpp"
#include "broker/persistent_sessions.hpp"
#include "broker/retained_sender.hpp"
#include "broker/session_closer.hpp"
#include "broker/session_memory.hpp"

#include <holdfast/mqtt/subscribe.hpp>
#include <holdfast/mqtt/unsubscribe.hpp>
#include <holdfast/topic/topic.hpp>

#include <algorithm>
#include <vector>

namespace holdfast::broker {
namespace {

bool has_too_many_levels(std::string_view filter) {
    return static_cast<std::size_t>(std::ranges::count(filter, '/')) >=
           SubscriptionIndex::kLevelsMax;
}

} // namespace

bool Inbound::on_subscribe(Session& session, ByteView body) {
    const auto decoded = mqtt::decode_subscribe(body, session.version);
    if (!decoded) return malformed(session, decoded.error());
    const mqtt::Subscribe& subscribe = decoded.value();
    const auto& identifiers = subscribe.properties.subscription_identifiers;
    const std::uint32_t identifier = identifiers.empty() ? 0 : identifiers.front();
    mqtt::SubscribeAnswer answer;
    answer.packet_id = subscribe.packet_id;
    std::vector<RetainedScan> scans;
    for (const mqtt::SubscriptionRequest& request : subscribe.requests)
        answer.reasons.push_back(subscribe_one(session, request, identifier, scans));
    scratch_.clear();
    mqtt::encode_suback(scratch_, answer, session.version);
    answer_when_stored(session);
    retained_sender_.start(session, std::move(scans));
    return true;
}

void Inbound::answer_when_stored(Session& session) {
    if (!session.persistent) return outbound_.add_control(session, scratch_);
    context_.gathering->on_durable([this, ref = session.ref, connection = session.connection,
                                    answer = scratch_](const Result<void>& stored) {
        Session* asker = context_.sessions.find(ref);
        if (asker == nullptr || asker->connection != connection ||
            asker->state != SessionState::connected)
            return;
        if (stored)
            outbound_.add_control(*asker, answer);
        else
            closer_.disconnect(*asker, mqtt::ReasonCode::unspecified_error,
                               "the subscriptions could not be stored");
    });
}

mqtt::ReasonCode Inbound::subscribe_one(Session& session, const mqtt::SubscriptionRequest& request,
                                        std::uint32_t identifier,
                                        std::vector<RetainedScan>& scans) {
    if (request.filter.starts_with("$share/"))
        return mqtt::ReasonCode::shared_subscriptions_not_supported;
    if (!topic::is_topic_filter(request.filter) || has_too_many_levels(request.filter))
        return mqtt::ReasonCode::topic_filter_invalid;
    if (!doorkeeper_.allows(session, access::Action::subscribe,
                            access::Resource::topic_filter(request.filter))) {
        context_.broker.counters().refused_subscribe.add();
        return mqtt::ReasonCode::not_authorized;
    }
    auto& mine = session.as_subscriber().subscriptions;
    const auto known = mine.find(request.filter);
    if (known == mine.end() && mine.size() >= context_.broker.settings().subscriptions_max)
        return mqtt::ReasonCode::quota_exceeded;

    const auto qos = static_cast<std::uint8_t>(request.qos);
    Subscription subscription{
        session.ref, qos, session.is_v5(), request.no_local, request.retain_as_published,
        identifier};
    const bool is_new = known == mine.end();
    if (is_new &&
        !try_keep(context_.broker.memory(), session, memory_of_subscription(request.filter)))
        return mqtt::ReasonCode::quota_exceeded;
    if (session.persistent) {
        subscription.queue = session.persistent->queue;
        persistent_.subscribed(session, request.filter, subscription);
    }
    if (request.retain_handling == 0 || (request.retain_handling == 1 && is_new))
        scans.push_back({std::string(request.filter), qos, identifier, {}});
    SubscriptionIndex& index = context_.broker.subscriptions();
    if (known != mine.end()) {
        if (known->second == subscription) return static_cast<mqtt::ReasonCode>(qos);
        index.unsubscribe(request.filter, session.ref);
    }
    index.subscribe(request.filter, subscription);
    mine.insert_or_assign(std::string(request.filter), subscription);
    return static_cast<mqtt::ReasonCode>(qos); // the granted QoS
}

bool Inbound::on_unsubscribe(Session& session, ByteView body) {
    const auto decoded = mqtt::decode_unsubscribe(body, session.version);
    if (!decoded) return malformed(session, decoded.error());
    mqtt::SubscribeAnswer answer;
    answer.packet_id = decoded.value().packet_id;
    for (const std::string_view filter : decoded.value().filters) {
        auto reason = mqtt::ReasonCode::no_subscription_existed;
        if (session.subscriber) {
            auto& mine = session.subscriber->subscriptions;
            if (const auto known = mine.find(filter); known != mine.end()) {
                context_.broker.subscriptions().unsubscribe(filter, session.ref);
                mine.erase(known);
                retained_sender_.forget(session, filter);
                let_go(context_.broker.memory(), session, memory_of_subscription(filter));
                if (session.persistent) persistent_.unsubscribed(session, filter);
                reason = mqtt::ReasonCode::success;
            }
        }
        answer.reasons.push_back(reason);
    }
    scratch_.clear();
    mqtt::encode_unsuback(scratch_, answer, session.version);
    answer_when_stored(session);
    return true;
}

} // namespace holdfast::broker
