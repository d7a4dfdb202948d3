#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/broker/broker.hpp>
#include <holdfast/broker/ingest_group.hpp>
#include <holdfast/broker/topic_cache.hpp>
#include <holdfast/broker/transport.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::broker {

struct Session;
struct Will;
class DurableSessions;
class Inbound;
class Outbound;
class QueueSender;
class RetainedSender;
struct RetainedMessage;

// The broker's share of one thread: its MQTT sessions, its topic cache and the group of messages
// that it gathers for the log. Knows no socket: bytes come in through on_bytes() and leave through
// the Transport. One thread; other shards and the committer reach it through its ShardPort.
//
// A turn is any number of calls followed by end_turn(), which sends what the calls produced and
// hands the gathered group to the log. While a group is being written the next one gathers.
class Shard {
public:
    Shard(std::uint16_t index, Broker& broker, Transport& transport);
    ~Shard();

    // Takes up the persistent sessions that live here. Before the shard runs, when all shards are
    // known to the broker. Errors: io.
    [[nodiscard]] Result<void> load();

    // A connection was accepted. Its slot is small and used again after close.
    [[nodiscard]] std::uint32_t open(std::string peer_address);
    // Bytes from the peer; what is left of a packet is kept. May close the connection.
    void on_bytes(std::uint32_t slot, ByteView bytes);
    // The peer hung up, or its socket failed with `why`.
    void on_hang_up(std::uint32_t slot, std::string_view why);
    // Some of what the transport keeps was sent; what is left takes `held_bytes`.
    void on_sent(std::uint32_t slot, std::size_t held_bytes);

    // False while too much is gathered: read no socket until the next turn after a completion.
    [[nodiscard]] bool wants_input() const noexcept;

    // Stores a batch from another door in the group being gathered. `done`: see Publisher.
    void publish(PublishBatch batch, Publisher::Done done);

    // What another thread asks for (ShardPort), as a part of the turn.
    void run(const std::function<void(Shard&)>& task) {
        begin_turn();
        task(*this);
    }

    void end_turn();
    // True while the gathered group is held back a moment because more is on its way (see
    // submit_or_hold()): end_hold() must follow within kHold, before the next end_turn().
    [[nodiscard]] bool holds() const noexcept { return holds_; }
    void end_hold() noexcept { hold_target_ = 0; }
    static constexpr std::chrono::microseconds kHold{400};
    // About once a second: keep alive, connect timeouts.
    void tick();
    // Whether end_turn() would send or submit anything now, which more input could join.
    [[nodiscard]] bool has_output() const noexcept;
    // Says goodbye to every client (server shutting down). New connections are the caller's to
    // stop.
    void close_all();
    // True when nothing gathered or being written is left.
    [[nodiscard]] bool is_idle() const noexcept { return open_->empty() && !in_flight_; }

    [[nodiscard]] std::uint16_t index() const noexcept { return index_; }

private:
    friend class DurableSessions;
    friend class Inbound;
    friend class Outbound;
    friend class QueueSender;
    friend class RetainedSender;

    [[nodiscard]] Session* find(SessionRef ref);
    // Ends the connection; whatever it is still to be told has been added to its chain. A
    // persistent session stays, offline. `lingers`: what it does not take yet is kept a moment.
    void close(Session& session, std::string_view why, bool lingers = true);
    // Ends a session that has no connection any more.
    void end(Session& session);
    void free(Session& session);
    [[nodiscard]] Session& new_session();
    // The session has that client id from now on.
    void name_session(Session& session, std::string client_id);
    // Null where nobody has it.
    [[nodiscard]] Session* session_of(std::string_view client_id);
    // The connection of `from` goes on in `to`, which has none; `from` is freed.
    void move_connection(Session& from, Session& to);
    void on_group_completed();
    void submit_or_hold();
    void publish_will(const Will& will);
    // `message`, whose record is at `place`, becomes its topic's retained one with the gathered
    // group.
    void retain(std::string_view topic, const RetainedMessage& message, RecordPlace place);
    void retain_message(const OutMessage& message, RecordPlace place);
    void begin_retained();
    void deliver_chunks(IngestGroup& group);
    void deliver_chunk(QueueWrites::Chunk& chunk);
    void end_retained(const IngestGroup& group, bool is_refused);
    void release_acks(IngestGroup& group);
    void mark_stored(Session& session, ByteView acks);
    void take_back(Session& session, ByteView acks);
    void refuse_acks(IngestGroup& group, const Error& error);
    void add_runs(Fanout& fanout);
    void deliver_here(Fanout& fanout);
    void pass_on(const Fanout& fanout);
    // Gives the connection, of which only `input` was read, to the shard where its client lives.
    void hand_over(Session& session, std::uint16_t home, ByteView input);
    void begin_turn(); // reads the clocks and follows the streams, once a turn

    const std::uint16_t index_;
    Broker& broker_;
    Transport& transport_;
    TopicCache topics_;
    std::int64_t now_ms_ = 0;       // wall clock, once a turn
    std::int64_t expiry_ms_ = 0;    // the broker's expiry clock, once a turn
    std::int64_t monotonic_ms_ = 0; // once a turn
    bool turn_has_begun_ = false;

    std::deque<Session> sessions_; // by slot; a deque never moves them
    std::vector<std::uint32_t> free_slots_;
    // Which slot has a client id; the keys borrow from their sessions.
    std::unordered_map<std::string_view, std::uint32_t> slot_of_client_;

    std::unique_ptr<IngestGroup> open_;      // gathers
    std::unique_ptr<IngestGroup> in_flight_; // with the committer
    std::vector<std::unique_ptr<IngestGroup>> spares_;
    std::uint64_t hold_target_ = 0; // records to wait for before the next group; 0 = none
    bool holds_ = false;
    Fanout immediate_; // QoS 0 of this turn: does not wait for the log
    Fanout leaving_;   // what of it is being sent
    std::unique_ptr<Inbound> inbound_;
    std::unique_ptr<Outbound> outbound_;
    std::unique_ptr<DurableSessions> durable_;
    std::unique_ptr<QueueSender> queues_;
    std::unique_ptr<RetainedSender> retained_;
    bool retained_refusal_noted_ = false; // once a second
};

} // namespace holdfast::broker
