#pragma once

#include "broker/retained_writer.hpp"
#include "broker/shard_context.hpp"

#include <holdfast/broker/publisher.hpp>
#include <holdfast/broker/topic_cache.hpp>

namespace holdfast::broker {

// Stores what does not come from a connection in the gathering group: batches of HTTP, rules and
// models, and the wills of clients that are gone.
class BatchPublisher {
public:
    BatchPublisher(ShardContext& context, TopicCache& topics, RetainedWriter& retained)
        : context_(context), topics_(topics), retained_(retained) {}

    // `done`: see Publisher.
    void publish(PublishBatch batch, Publisher::Done done);
    void publish_will(const Will& will);

private:
    void retain(const OutMessage& message, RecordPlace place);

    ShardContext& context_;
    TopicCache& topics_;
    RetainedWriter& retained_;
};

} // namespace holdfast::broker
