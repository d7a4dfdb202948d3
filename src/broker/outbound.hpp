#pragma once

#include "broker/session.hpp"

#include <holdfast/broker/arena.hpp>
#include <holdfast/broker/fanout.hpp>
#include <holdfast/broker/shard.hpp>

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include <sys/uio.h>

namespace holdfast::broker {

// What a shard's sessions are about to be sent: chains of pieces of memory, one chain a session,
// each given to the transport in one call by flush(). Packet ids of QoS 1 runs are set right then,
// because every receiver of a run shares its bytes.
class Outbound {
public:
    explicit Outbound(Shard& shard) : shard_(shard) {}

    // `size` bytes for a control packet, to be filled in before flush().
    [[nodiscard]] std::byte* reserve(Session& session, std::size_t size);
    void add_control(Session& session, ByteView packet);
    // Bytes of somebody who keeps them until flush().
    void add_borrowed(Session& session, std::span<const std::byte> bytes);
    // One run of a fan-out, for one of its receivers.
    void add_run(Session& session, const Receiver& receiver, Fanout& fanout,
                 const Fanout::Run& run);

    // The client has acknowledged: sends on what waited for its receive maximum.
    void drain_queue(Session& session);

    void flush();
    // One session's chain now, before it is closed.
    void flush(Session& session);
    [[nodiscard]] bool is_empty() const noexcept { return waiting_.empty(); }
    // Forgets the chain of a session that is gone.
    void drop(Session& session) noexcept { session.first_piece = session.last_piece = 0; }

private:
    struct Piece {
        std::byte* data = nullptr;
        std::size_t size = 0;
        const std::uint32_t* id_positions = nullptr; // QoS 1: one for each message, else null
        std::uint32_t messages = 0;                  // 0: not a delivery
        std::uint32_t next = 0;                      // index + 1
    };
    void link(Session& session, const Piece& piece);
    void add_single_messages(Session& session, const Receiver& receiver, std::span<std::byte> run,
                             bool qos1);
    // False where the session had to be closed.
    bool take_delivery(Session& session, Piece& piece);
    void set_packet_ids(SubscriberState& state, Piece& piece);
    bool queue_beyond_quota(Session& session, Piece& piece, std::uint32_t fitting);
    void account_unsent(Session& session, std::size_t unsent_bytes);
    void close_slow(Session& session);

    Shard& shard_;
    std::vector<Piece> pieces_;
    std::vector<SessionRef> waiting_; // sessions with a chain
    StableArena control_;
    std::deque<std::uint32_t> single_ids_;
    std::vector<iovec> iov_;
    std::uint64_t delivered_ = 0;
};

} // namespace holdfast::broker
