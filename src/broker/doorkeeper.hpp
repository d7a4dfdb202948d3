#pragma once

#include "broker/session.hpp"
#include "broker/shard_context.hpp"

#include <holdfast/access/policy.hpp>
#include <holdfast/base/log_allowance.hpp>
#include <holdfast/broker/client_info.hpp>
#include <holdfast/broker/gate.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace holdfast::broker {

// Asks for every session what it may do, and remembers what was refused. Sessions without an
// admission, as all are where the broker has no gate, may do everything. One per shard, one thread.
class Doorkeeper {
public:
    explicit Doorkeeper(ShardContext& context) : context_(context) {}

    // Whether somebody who is about to become a session may do it; a no is written down.
    [[nodiscard]] bool allows(const Session& session, const Admission& admission,
                              access::Action action, const access::Resource& resource);
    // The same of a session.
    [[nodiscard]] bool allows(const Session& session, access::Action action,
                              const access::Resource& resource) {
        return !session.admission || allows(session, *session.admission, action, resource);
    }
    // A topic that the session has published to before costs nothing.
    [[nodiscard]] bool may_publish(const Session& session, TopicEntry& entry) {
        return session.rights_id == 0 || entry.is_granted_to(session.rights_id) ||
               may_publish_newly(session, entry);
    }

    // The session has these rights from now on, or none that anybody asks for: subscriptions that
    // they do not allow leave the index and stay with the session, those that they allow again
    // return.
    void admit(Session& session, std::shared_ptr<const Admission> admission);

    // The rights of now; null where the session's user is gone. Nothing where there is nothing to
    // renew: it has them, or it is nobody's, as those are that were made before there were users.
    using Renewed = std::optional<std::shared_ptr<const Admission>>;
    [[nodiscard]] Renewed renewed(const Session& session) const;
    // The rights of now of one whose user is still there, but not the password that it came with;
    // else null.
    [[nodiscard]] std::shared_ptr<const Admission> with_other_password(
        const Session& session) const;
    // Whether the session's will may be published, by the rights of now.
    [[nodiscard]] bool may_publish_will(const Session& session);

    // Writes down that a client was refused something, with the rule or reason.
    void note(const Session& session, std::string_view client_id, std::string_view user,
              std::string_view action, std::string_view resource, std::string_view why);
    // The client has sent more than it may and waits: counted, and a line where it is news.
    void note_slowed(Session& session);
    // What was refused to a client id lately, oldest first.
    [[nodiscard]] std::vector<Refusal> refusals_of(std::string_view client_id) const;

private:
    [[nodiscard]] bool may_publish_newly(const Session& session, TopicEntry& entry);
    [[nodiscard]] bool may_log();

    ShardContext& context_;
    std::uint64_t last_rights_id_ = 0;
    std::deque<Refusal> refusals_; // the last of the shard
    LogAllowance log_allowance_;
};

} // namespace holdfast::broker
