#pragma once

#include "broker/shard_context.hpp"

#include <holdfast/broker/retained.hpp>

#include <string_view>

namespace holdfast::broker {

// Makes messages their topics' retained ones, each with the group that its record is in.
class RetainedWriter {
public:
    explicit RetainedWriter(ShardContext& context) : context_(context) {}

    // The gathering group changes retained messages. Before the subscribers of the first of them
    // are looked up: whoever subscribes from here on waits for the group (RetainedSender::start()).
    void begin();
    // `message`, whose record is at `place`, becomes its topic's.
    void write(std::string_view topic, const RetainedMessage& message, RecordPlace place);
    // The log has taken the group, or a part of it was refused.
    void end(const IngestGroup& group, bool is_refused);
    // About once a second: removes what has expired.
    void tick();

private:
    ShardContext& context_;
    bool refusal_is_noted_ = false; // once a second
};

} // namespace holdfast::broker
