#include <gateway/rest/topic_rights.hpp>

#include <holdfast/log/log.hpp>

namespace holdfast::gateway {

using access::Action;
using access::Resource;

bool TopicRights::may_see(const TopicState& topic) {
    if (topic.messages > 0) {
        const auto [known, is_new] = may_read_.try_emplace(number(topic.stream), false);
        if (is_new) {
            const auto stream = log_.find_stream(topic.stream);
            known->second =
                stream && rights_.allows(Action::read, Resource::stream(stream->settings.name));
        }
        if (known->second) return true;
    }
    return rights_.allows(Action::subscribe, Resource::topic(topic.topic));
}

} // namespace holdfast::gateway
