#pragma once

#include "broker/outbound.hpp"
#include "broker/queue_publisher.hpp"
#include "broker/queue_reader.hpp"
#include "broker/session_closer.hpp"
#include "broker/shard_context.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::broker {

// Sends persistent sessions what their queues hold, and settles what they acknowledge. The queue
// lies in the log's keyed state, the messages in the log: in memory are packet ids and places.
//
// QoS 1 is sent at once; what was under way when the server died comes again. QoS 2 (MQTT5 section
// 4.3.3) is sent once its packet id is stored, and released once that is stored: whatever dies
// meanwhile, the client sees one message.
class QueueSender {
public:
    QueueSender(ShardContext& context, Outbound& outbound, SessionCloser& closer)
        : context_(context),
          outbound_(outbound),
          closer_(closer),
          reader_(context),
          publisher_(context, outbound) {}

    // A chunk was stored for the session.
    void on_chunk(Session& session, std::uint64_t number, std::string value);
    // Sends as far as the client and its socket take it.
    void pump(Session& session);
    // A new connection: what was under way goes first, in its old order [MQTT5-4.4.0-1].
    void resume(Session& session);

    void on_puback(Session& session, std::uint16_t packet_id);
    // `refused`: the client does not want it, which ends it.
    void on_pubrec(Session& session, std::uint16_t packet_id, bool refused);
    void on_pubcomp(Session& session, std::uint16_t packet_id);

private:
    [[nodiscard]] bool can_send(const Session& session) const;
    // The message is number `number` of its chunk, from 1.
    std::size_t send_new(Session& session, const QueuedMessage& message, std::uint64_t chunk,
                         std::size_t number);
    std::size_t resend(Session& session, std::uint16_t packet_id);
    void send_stored(SessionRef ref, std::uint16_t packet_id, bool is_stored);
    void give_up(Session& session);
    void send_pubrel(Session& session, std::uint16_t packet_id);
    // Bytes put on the wire; nothing where there is no message to send any more.
    [[nodiscard]] std::optional<std::size_t> put_on_wire(Session& session, std::uint16_t packet_id,
                                                         InFlight& message, bool duplicate);
    void forget(Session& session, std::uint16_t packet_id);
    void go_on_later(Session& session);
    void read_chunks(Session& session);
    void on_chunks(SessionRef ref, Result<QueueStretch>& read);
    void read_messages(Session& session, bool new_ones_first);
    void on_messages(SessionRef ref, QueueContents& contents);

    ShardContext& context_;
    Outbound& outbound_;
    SessionCloser& closer_;
    QueueReader reader_;
    QueuePublisher publisher_;
};

} // namespace holdfast::broker
