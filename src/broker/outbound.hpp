#pragma once

#include "broker/delivery_budget.hpp"
#include "broker/shard_context.hpp"

#include <holdfast/broker/arena.hpp>
#include <holdfast/broker/fanout.hpp>
#include <holdfast/broker/retained.hpp>
#include <holdfast/mqtt/frame.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <sys/uio.h>

namespace holdfast::broker {

// One PUBLISH for one session. Everything is borrowed for the length of Outbound::add_publish().
struct OutPublish {
    std::string_view topic;
    ByteView payload;
    ByteView properties;                               // MQTT 5, to forward, without the expiry
    std::int64_t expires_ms = RetainedMessage::kNever; // epoch milliseconds
    std::uint32_t expiry_max_s = UINT32_MAX;           // what is left is never more than was sent
    std::span<const std::uint32_t> identifiers;        // of the subscriptions that it matches
    std::uint8_t qos = 0;
    std::uint16_t packet_id = 0; // 0 with QoS 1 and 2: any, waiting for the receive maximum
    bool retain = false;
    bool duplicate = false;
};

// Closes connections for whoever finds that they have to be closed. Never called for a message that
// is simply sent.
class ConnectionCloser {
public:
    // `lingers`: what the client does not take yet is kept a moment.
    virtual void close(Session& session, std::string_view why, bool lingers) = 0;

protected:
    ~ConnectionCloser() = default;
};

// What a shard's sessions are about to be sent: chains of pieces of memory, one chain a session,
// each given to the transport in one call by flush(). Packet ids of QoS 1 and 2 are set right then,
// because every receiver of a run shares its bytes.
class Outbound {
public:
    explicit Outbound(ShardContext& context) : context_(context), budget_(context.broker) {}
    // Wiring, before anything is sent.
    void set_closer(ConnectionCloser& closer) noexcept { closer_ = &closer; }

    // `size` bytes for a control packet, to be filled in before flush().
    [[nodiscard]] std::byte* reserve(Session& session, std::size_t size);
    void add_control(Session& session, ByteView packet);
    // An acknowledgement of this moment. `is_known`: false says so to clients who can hear it; the
    // others just go on.
    void add_ack(Session& session, mqtt::PacketType type, std::uint16_t packet_id, bool is_known);
    // Bytes of somebody who keeps them until flush().
    void add_borrowed(Session& session, std::span<const std::byte> bytes);
    // One run of a fan-out, for one of its receivers.
    void add_run(Session& session, const Receiver& receiver, Fanout& fanout,
                 const Fanout::Run& run);

    // A message for this session alone. Gives its size; nothing where it passes the client's
    // maximum packet size.
    std::optional<std::size_t> add_publish(Session& session, const OutPublish& publish);

    // The client has acknowledged: sends on what waited for its receive maximum.
    void drain_queue(Session& session);

    void flush();
    // One session's chain now, before it is closed.
    void flush(Session& session);
    [[nodiscard]] bool is_empty() const noexcept { return waiting_.empty(); }
    // So much is to be sent that it has to go before more is read: what answers small packets, such
    // as PINGREQ, takes many times their bytes here.
    [[nodiscard]] bool is_full() const noexcept { return pieces_.size() >= kPiecesMax; }
    // What the session may still make the server keep for it, without anybody paying for it.
    [[nodiscard]] std::size_t room(const Session& session) const;
    // The transport keeps so much for the session now.
    void note_held(Session& session, std::size_t held_bytes);
    [[nodiscard]] DeliveryBudget& budget() noexcept { return budget_; }
    // Of packets that were made for single sessions since the last flush().
    [[nodiscard]] std::size_t gathered_bytes() const noexcept { return control_.size_bytes(); }
    // Forgets the chain of a session that is gone.
    void drop(Session& session) noexcept { session.first_piece = session.last_piece = 0; }

private:
    static constexpr std::size_t kPiecesMax = 64U << 10U;
    struct Piece {
        std::byte* data = nullptr;
        std::size_t size = 0;
        const std::uint32_t* id_positions = nullptr; // one for each message; QoS 0: null
        std::uint32_t messages = 0;                  // 0: not a delivery
        std::uint32_t next = 0;                      // index + 1
    };
    void link(Session& session, const Piece& piece);
    void add_single_messages(Session& session, ByteView packets,
                             std::span<const std::uint32_t> identifiers, bool retain);
    // False where the session had to be closed.
    bool take_delivery(Session& session, Piece& piece);
    void set_packet_ids(SubscriberState& state, Piece& piece);
    bool queue_beyond_quota(Session& session, Piece& piece, std::uint32_t fitting);
    void cut_sent(std::size_t sent);
    void keep_rest(Session& session, std::size_t sent);
    [[nodiscard]] bool make_room(Session& session, std::size_t bytes);
    [[nodiscard]] Session* find_victim(const Session& session);
    void close_slow(Session& session);

    ShardContext& context_;
    ConnectionCloser* closer_ = nullptr;
    DeliveryBudget budget_;
    std::vector<Piece> pieces_;
    std::vector<SessionRef> waiting_; // sessions with a chain
    StableArena control_;
    Bytes scratch_; // an acknowledgement, or properties of one message
    std::deque<std::uint32_t> single_ids_;
    // One session's pieces; no two sessions are being flushed at a time.
    std::vector<iovec> iov_;
    std::vector<bool> droppable_; // by piece: QoS 0
    std::uint64_t delivered_ = 0; // of this turn
    std::uint64_t dropped_slow_ = 0;
};

} // namespace holdfast::broker
