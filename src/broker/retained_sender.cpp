#include "broker/retained_sender.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/broker/shard.hpp>
#include <holdfast/topic/topic.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

namespace holdfast::broker {
namespace {

constexpr std::size_t kTopicsPerStep = 512;
constexpr std::size_t kBytesPerStep = 64U << 10U;
// Of a stretch: with messages retained without a pause it would never be the same twice.
constexpr std::uint8_t kRereadsMax = 3;
constexpr std::size_t kGatheredMax = 1U << 20U; // of all sessions in a turn

// What every topic that the filter matches starts with.
std::string_view literal_start(std::string_view filter) {
    const std::size_t wildcard = filter.find_first_of("+#");
    if (wildcard == std::string_view::npos) return filter;
    // "a/#" matches "a" as well.
    const bool is_after_slash = filter[wildcard] == '#' && wildcard != 0;
    return filter.substr(0, wildcard - (is_after_slash ? 1U : 0U));
}

} // namespace

// Whatever was published before the subscription was made is in the log when the scan begins. Where
// groups with retained messages are on their way, each shard's next one is waited for.
void RetainedSender::start(Session& session, std::vector<RetainedScan> scans) {
    if (scans.empty()) return;
    Broker& broker = context_.broker;
    if (!broker.retained().has_pending()) return begin(session.ref, scans);
    const auto left = std::make_shared<std::atomic<std::size_t>>(broker.port_count());
    const auto shared = std::make_shared<std::vector<RetainedScan>>(std::move(scans));
    for (std::size_t i = 0; i < broker.port_count(); ++i) {
        broker.port(static_cast<std::uint16_t>(i))
            .post([this, &broker, left, shared, ref = session.ref](Shard& shard) {
                shard.when_durable([this, &broker, left, shared, ref](const Result<void>&) {
                    if (left->fetch_sub(1) != 1) return;
                    broker.port(ref.shard).post(
                        [this, shared, ref](Shard&) { begin(ref, *shared); });
                });
            });
    }
}

void RetainedSender::begin(SessionRef ref, const std::vector<RetainedScan>& scans) {
    Session* session = context_.sessions.find(ref);
    if (session == nullptr || session->state != SessionState::connected) return;
    auto& waiting = session->as_subscriber().retained_scans;
    const auto& subscriptions = session->subscriber->subscriptions;
    for (const RetainedScan& scan : scans) {
        // Meanwhile the client may have unsubscribed, or lost the right.
        const auto its = subscriptions.find(scan.filter);
        if (its == subscriptions.end() || its->second.is_denied) continue;
        // One that has not begun will do for both: whoever subscribes again and again is answered
        // as often as it reads.
        const auto same = std::ranges::find(waiting, scan.filter, &RetainedScan::filter);
        if (same == waiting.end() || same->is_begun) waiting.push_back(scan);
    }
    go_on(*session);
}

void RetainedSender::forget(Session& session, std::string_view filter) {
    std::erase_if(session.subscriber->retained_scans,
                  [filter](const RetainedScan& scan) { return scan.filter == filter; });
}

void RetainedSender::go_on(Session& session) {
    if (!session.subscriber || session.subscriber->retained_scans.empty()) return;
    SubscriberState& subscriber = *session.subscriber;
    if (session.state != SessionState::connected) return subscriber.retained_scans.clear();
    if (subscriber.retained_is_reading) return;                         // the answer goes on
    if (session.unsent_bytes != 0 || !subscriber.queue.empty()) return; // until it has read
    if (outbound_.gathered_bytes() > kGatheredMax) return go_on_later(session);
    read_on(session, subscriber.retained_scans.front());
}

// In a turn to come: what was gathered in this one has gone to the socket, or has not.
void RetainedSender::go_on_later(Session& session) {
    context_.broker.port(context_.index).post([this, ref = session.ref](Shard&) {
        if (Session* later = context_.sessions.find(ref)) go_on(*later);
    });
}

void RetainedSender::read_on(Session& session, RetainedScan& scan) {
    scan.is_begun = true;
    session.subscriber->retained_is_reading = true;
    context_.reads.run([this, &log = context_.broker.log(), ref = session.ref,
                        asked = Asked{scan, context_.broker.retained().changes()}] {
        auto stretch = std::make_shared<Stretch>(read(log, asked.scan));
        return [this, ref, asked, stretch] { on_read(ref, asked, *stretch); };
    });
}

RetainedSender::Stretch RetainedSender::read(const log::Log& log, const RetainedScan& scan) {
    Stretch stretch;
    stretch.after = scan.after;
    std::size_t topics = 0;
    std::size_t bytes = 0;
    const auto scanned =
        log.scan_state(kRetainedKeyspace, literal_start(scan.filter), scan.after,
                       [&](std::string_view topic, std::string_view value) {
                           if (topics++ == kTopicsPerStep || bytes > kBytesPerStep) {
                               stretch.is_through = false;
                               return false;
                           }
                           stretch.after = topic;
                           if (!topic::matches(scan.filter, topic)) return true;
                           stretch.messages.emplace_back(topic, value);
                           bytes += value.size();
                           return true;
                       });
    if (!scanned) log_error("mqtt", "retained messages: {}", scanned.error().context);
    return stretch;
}

// A live message may have reached the client while the one that it replaces was being read: that
// must not come behind it, or the client would take an old state for the latest.
void RetainedSender::on_read(SessionRef ref, const Asked& asked, Stretch& stretch) {
    Session* const session = context_.sessions.find(ref);
    if (session == nullptr || !session->subscriber) return;
    SubscriberState& subscriber = *session->subscriber;
    subscriber.retained_is_reading = false;
    if (subscriber.retained_scans.empty()) return;
    RetainedScan& scan = subscriber.retained_scans.front();
    // The client may have unsubscribed meanwhile, or another connection taken the session over.
    const bool is_wanted = session->state == SessionState::connected && scan.is_begun &&
                           scan.filter == asked.scan.filter && scan.after == asked.scan.after;
    const Retained::Changes changes = context_.broker.retained().changes();
    if (!is_wanted || (changes.begun != asked.changes.begun && changes.is_pending() &&
                       scan.rereads++ < kRereadsMax))
        return go_on_later(*session);
    if (changes != asked.changes) look_again(stretch);
    send_stretch(*session, scan, stretch);
    scan.rereads = 0;
    scan.after = stretch.after;
    if (stretch.is_through) subscriber.retained_scans.pop_front();
    if (!subscriber.retained_scans.empty()) go_on_later(*session);
}

// On this thread: whatever was changed is in memory still, and the rest was read a moment ago.
void RetainedSender::look_again(Stretch& stretch) {
    for (auto& [topic, value] : stretch.messages) {
        auto now = context_.broker.log().state(kRetainedKeyspace, topic);
        if (now) value = std::move(now).value().value_or("");
    }
    std::erase_if(stretch.messages, [](const auto& message) { return message.second.empty(); });
}

void RetainedSender::send_stretch(Session& session, RetainedScan& scan, const Stretch& stretch) {
    for (const auto& [topic, value] : stretch.messages) {
        const auto message = decode_retained(value);
        if (!message)
            log_error("mqtt", "topic '{}': {}", topic, message.error().context);
        else if (message.value().expires_ms > context_.clock.expiry_ms)
            send(session, scan, topic, message.value());
    }
}

void RetainedSender::send(Session& session, const RetainedScan& scan, std::string_view topic,
                          const RetainedMessage& message) {
    const std::uint8_t qos = std::min(scan.qos, message.qos);
    if (session.persistent && qos != 0) {
        QueuedMessage queued;
        queued.retained_topic = topic;
        queued.qos = qos;
        queued.bytes = static_cast<std::uint32_t>(topic.size() + message.payload.size());
        context_.gathering->queues().add_retained(session.persistent->queue, std::move(queued));
        return;
    }
    OutPublish out;
    out.topic = topic;
    out.payload = message.payload;
    out.properties = message.properties;
    out.expires_ms = message.expires_ms;
    if (scan.identifier != 0) out.identifiers = std::span(&scan.identifier, 1);
    out.qos = qos;
    out.retain = true;
    (void)outbound_.add_publish(session, out); // too large for the client: counted
}

} // namespace holdfast::broker
