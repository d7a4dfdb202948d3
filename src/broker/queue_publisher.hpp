#pragma once

#include "broker/outbound.hpp"
#include "broker/record_reader.hpp"
#include "broker/shard_context.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace holdfast::broker {

// Makes PUBLISH packets of queued messages: what they say is read back from the log, or from the
// retained messages.
class QueuePublisher {
public:
    QueuePublisher(ShardContext& context, Outbound& outbound);

    // Gives the packet's size; nothing where there is no message to send any more, which is
    // counted.
    [[nodiscard]] std::optional<std::size_t> send(Session& session, const QueuedMessage& message,
                                                  std::uint16_t packet_id, bool duplicate);

private:
    std::optional<std::size_t> send_record(Session& session, const QueuedMessage& message,
                                           std::uint16_t packet_id, bool duplicate);
    std::optional<std::size_t> send_retained(Session& session, const QueuedMessage& message,
                                             std::uint16_t packet_id, bool duplicate);

    ShardContext& context_;
    Outbound& outbound_;
    RecordReader records_;
    Counter& expired_;
    Counter& lost_;
};

} // namespace holdfast::broker
