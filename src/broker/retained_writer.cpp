#include "broker/retained_writer.hpp"

#include <holdfast/base/log_line.hpp>

#include <string>
#include <utility>

namespace holdfast::broker {

void RetainedWriter::begin() {
    if (std::exchange(context_.gathering->changes_retained, true)) return;
    context_.broker.retained().begin_change();
}

void RetainedWriter::write(std::string_view topic, const RetainedMessage& message,
                           RecordPlace place) {
    Broker& broker = context_.broker;
    if (auto change = broker.retained().change(topic, message)) {
        context_.gathering->change_with(place, std::move(*change));
    } else if (!std::exchange(refusal_is_noted_, true)) {
        log_warn("mqtt",
                 "the message to '{}' is not retained: all {} bytes of retained_bytes are "
                 "taken",
                 topic, broker.settings().retained_bytes_max);
    }
}

// What was counted when the changes were made is wrong where one was not stored: those topics are
// counted again by what is there.
void RetainedWriter::end(const IngestGroup& group, bool is_refused) {
    if (!group.changes_retained) return;
    Retained& retained = context_.broker.retained();
    retained.end_change();
    if (!is_refused) return;
    for (const std::string_view topic : group.retained_topics())
        if (const auto counted = retained.recount(context_.broker.log(), topic); !counted)
            log_error("mqtt", "topic '{}', retained: {}", topic, counted.error().context);
}

void RetainedWriter::tick() {
    refusal_is_noted_ = false;
    Retained& retained = context_.broker.retained();
    const std::int64_t now_ms = context_.clock.expiry_ms;
    for (std::string& topic : retained.take_expired(now_ms))
        // Decided right before the group is written: a younger message may have come meanwhile.
        context_.gathering->change_late([&retained, topic = std::move(topic), now_ms] {
            return retained.remove_expired(topic, now_ms);
        });
}

} // namespace holdfast::broker
