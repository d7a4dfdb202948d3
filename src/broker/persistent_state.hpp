#pragma once

#include <holdfast/broker/session_queue.hpp>

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace holdfast::broker {

inline constexpr std::uint32_t kNoExpiry = std::numeric_limits<std::uint32_t>::max();

// A message that has its packet id and is not settled yet.
struct InFlight {
    enum class State : std::uint8_t {
        storing,   // QoS 2: its packet id is on the way to the disk, then it is sent
        sent,      // PUBLISH, also if only on an earlier connection
        releasing, // QoS 2: PUBREC came, that is on the way to the disk
        released,  // QoS 2: PUBREL
    };
    State state = State::sent;
    bool is_on_wire = false;   // sent on this connection
    bool may_be_known = false; // QoS 1: the client may have had it from a server that died
    std::uint64_t order = 0;   // of first sending
    std::uint64_t chunk = 0;
    QueuedMessage message; // not of a released one
};

// Memory that one takes, with its place in the table of them.
inline constexpr std::size_t kInFlightBytes = sizeof(InFlight) + 40;

// A session that outlives its connections: what it adds to Session. Its shard's alone.
struct PersistentState {
    std::shared_ptr<SessionQueue> queue;
    // Whose it is: a user's name, or empty, anonymous. Nothing where it was made while everybody
    // might do everything: then it is for the first who takes it up.
    std::optional<std::string> owner;
    std::string owner_common_name;    // of the certificate that came with the owner
    std::uint32_t expiry_s = 0;       // kNoExpiry = never
    std::int64_t disconnected_ms = 0; // as it is stored: epoch milliseconds; 0 = connected
    // Monotonic, so that no jump of a clock moves them while the server runs; 0 = connected.
    std::int64_t away_since_ms = 0;
    std::int64_t will_due_ms = 0; // where a will waits

    // Chunks that are known and not begun, in order; what is behind them lies in the keyed state.
    struct StoredChunk {
        std::uint64_t number = 0;
        std::string value;
        bool is_new = false; // stored a moment ago: its records are not looked for on the disk
    };
    std::deque<StoredChunk> fresh;
    std::uint64_t next_chunk = 1; // behind `fresh`
    bool has_more = false;        // chunks from next_chunk on are to be read
    // A read for it is under way, away from the event loop: until it is answered nothing is sent
    // from the queue, so that the order stays. Outlives the connection that it was begun for.
    bool is_reading = false;
    bool more_came = false; // chunks, while it is read: they may be behind what was read
    // The chunk that is being sent.
    std::uint64_t chunk = 0;
    std::vector<QueuedMessage> messages;
    std::size_t at = 0;
    bool chunk_is_new = false;  // StoredChunk::is_new, until its client does not keep up
    std::size_t chunk_sent = 0; // of its messages; stays when the next chunk is not there yet

    std::map<std::uint64_t, std::uint32_t> unsettled;      // messages of begun chunks, by number
    std::unordered_map<std::uint16_t, InFlight> in_flight; // by packet id
    std::deque<std::uint16_t> to_resend; // packet ids to send again on this connection
    std::uint64_t sent = 0;              // counts InFlight::order
    std::uint32_t storing = 0;           // of in_flight, in that state
    // Messages before this one, of QoS 1, may have been sent before the server started.
    std::uint64_t known_chunk = 0;
    std::size_t known_messages = 0; // of that chunk
    std::uint32_t on_wire = 0;      // of in_flight

    // What was under way is to be sent again on the next connection, and what was read ahead for
    // this one is not kept for those who are away.
    void lose_connection() {
        for (auto& [packet_id, message] : in_flight) message.is_on_wire = false;
        on_wire = 0;
        to_resend.clear();
        chunk_is_new = false;
        if (fresh.empty()) return;
        next_chunk = fresh.front().number;
        fresh.clear();
        has_more = true;
    }
};

} // namespace holdfast::broker
