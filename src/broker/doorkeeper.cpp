#include "broker/doorkeeper.hpp"

#include <holdfast/base/log_line.hpp>

#include <string>
#include <utility>

namespace holdfast::broker {
namespace {

// Of a shard, with texts of at most kTextBytesMax each: a few hundred kilobytes at the worst.
constexpr std::size_t kRefusalsMax = 256;
constexpr std::size_t kRefusalsOfOneMax = 8; // so that one client does not crowd out the others
constexpr std::size_t kTextBytesMax = 256;

std::string shortened(std::string_view text) {
    return std::string(text.substr(0, kTextBytesMax));
}

} // namespace

bool Doorkeeper::allows(const Session& session, const Admission& admission, access::Action action,
                        const access::Resource& resource) {
    if (admission.rights.allows(action, resource)) return true;
    const access::Decision decision = admission.rights.decide(action, resource);
    note(session, admission.principal.client_id, admission.principal.name,
         access::to_string(action), resource.name, decision.rule);
    return false;
}

bool Doorkeeper::may_publish_newly(const Session& session, TopicEntry& entry) {
    if (!allows(session, access::Action::publish, access::Resource::topic(entry.topic)))
        return false;
    entry.grant_to(session.rights_id);
    return true;
}

void Doorkeeper::admit(Session& session, std::shared_ptr<const Admission> admission) {
    session.admission = std::move(admission);
    session.rights_id = session.admission ? ++last_rights_id_ : 0;
    session.is_narrowed = false;
    if (!session.subscriber) return;
    session.subscriber->queue_unchecked = session.subscriber->queue.size();
    SubscriptionIndex& index = context_.broker.subscriptions();
    for (auto& [filter, subscription] : session.subscriber->subscriptions) {
        const auto resource = access::Resource::topic_filter(filter);
        const bool is_denied = session.admission && !session.admission->rights.allows(
                                                        access::Action::subscribe, resource);
        session.is_narrowed |= is_denied;
        if (is_denied == subscription.is_denied) continue;
        if (is_denied) {
            index.unsubscribe(filter, session.ref);
            (void)allows(session, access::Action::subscribe, resource); // writes down why
        }
        subscription.is_denied = is_denied;
        if (!is_denied) index.subscribe(filter, subscription);
    }
}

Doorkeeper::Renewed Doorkeeper::renewed(const Session& session) const {
    Gate* const gate = context_.broker.gate();
    if (gate == nullptr) return std::nullopt;
    if (session.admission) {
        if (session.admission->version == gate->version()) return std::nullopt;
        return gate->renew(session.admission->principal);
    }
    if (!session.persistent || !session.persistent->owner) return std::nullopt;
    access::Principal owner;
    owner.name = *session.persistent->owner;
    owner.kind =
        owner.name.empty() ? access::PrincipalKind::anonymous : access::PrincipalKind::user;
    owner.client_id = session.client_id;
    owner.common_name = session.persistent->owner_common_name;
    return gate->renew(owner);
}

std::shared_ptr<const Admission> Doorkeeper::with_other_password(const Session& session) const {
    if (!session.admission || session.admission->principal.password_id == 0) return nullptr;
    access::Principal principal = session.admission->principal;
    principal.password_id = 0;
    return context_.broker.gate()->renew(principal);
}

bool Doorkeeper::may_publish_will(const Session& session) {
    const auto topic = access::Resource::topic(session.will->message.topic);
    const Renewed now = renewed(session);
    const bool is_allowed = now ? *now && allows(session, **now, access::Action::publish, topic)
                                : allows(session, access::Action::publish, topic);
    if (!is_allowed) context_.broker.counters().refused_publish.add();
    return is_allowed;
}

void Doorkeeper::note(const Session& session, std::string_view client_id, std::string_view user,
                      std::string_view action, std::string_view resource, std::string_view why) {
    if (may_log())
        log_info("mqtt", "client '{}' (user '{}') from {} may not {} '{}': {}", client_id, user,
                 session.peer.address, action, resource, why);
    const std::string id = shortened(client_id);
    const auto is_of_client = [&](const Refusal& refusal) { return refusal.client_id == id; };
    std::size_t known = 0;
    auto oldest = refusals_.end();
    for (auto at = refusals_.begin(); at != refusals_.end(); ++at) {
        if (!is_of_client(*at)) continue;
        if (known++ == 0) oldest = at;
    }
    if (known >= kRefusalsOfOneMax)
        refusals_.erase(oldest);
    else if (refusals_.size() >= kRefusalsMax)
        refusals_.pop_front();
    refusals_.push_back({context_.clock.now_ms, shortened(client_id), shortened(user),
                         session.peer.address, std::string(action), shortened(resource),
                         shortened(why)});
}

void Doorkeeper::note_slowed(Session& session) {
    context_.broker.counters().slowed.add();
    const std::int64_t now_ms = context_.clock.monotonic_ms;
    const bool is_news = now_ms - session.slowed_ms > LogAllowance::kPeriodMs;
    session.slowed_ms = now_ms;
    if (is_news && may_log())
        log_info("mqtt", "client '{}' from {} sends more than it may, and waits", session.client_id,
                 session.peer.address);
}

bool Doorkeeper::may_log() {
    const auto taken = log_allowance_.take(context_.clock.monotonic_ms);
    if (taken.left_out != 0) log_info("mqtt", "{} more refusals were not logged", taken.left_out);
    return taken.may_log;
}

std::vector<Refusal> Doorkeeper::refusals_of(std::string_view client_id) const {
    std::vector<Refusal> out;
    for (const Refusal& refusal : refusals_)
        if (refusal.client_id == shortened(client_id)) out.push_back(refusal);
    return out;
}

} // namespace holdfast::broker
