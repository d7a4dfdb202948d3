#pragma once

#include "broker/outbound.hpp"
#include "broker/queue_contents.hpp"
#include "broker/record_cache.hpp"
#include "broker/shard_context.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace holdfast::broker {

// Makes PUBLISH packets of queued messages: what they say is read back from the log, or from the
// retained messages.
class QueuePublisher {
public:
    QueuePublisher(ShardContext& context, Outbound& outbound);

    // Whether what the message says is in memory.
    [[nodiscard]] bool is_ready(const QueuedMessage& message);
    // Keeps what was read, retained messages until forget_retained().
    void add(QueueContents contents);
    void forget_retained() { retained_.clear(); }
    // Reads on this thread what is not in memory. Gives the packet's size; nothing where there is
    // no message to send any more, which is counted.
    [[nodiscard]] std::optional<std::size_t> send(Session& session, const QueuedMessage& message,
                                                  std::uint16_t packet_id, bool duplicate);

private:
    std::optional<std::size_t> send_record(Session& session, const QueuedMessage& message,
                                           std::uint16_t packet_id, bool duplicate);
    std::optional<std::size_t> send_retained(Session& session, const QueuedMessage& message,
                                             std::uint16_t packet_id, bool duplicate);

    ShardContext& context_;
    Outbound& outbound_;
    RecordCache records_;
    std::unordered_map<std::string, std::optional<std::string>> retained_; // by topic, as read
    Counter& expired_;
    Counter& lost_;
};

} // namespace holdfast::broker
