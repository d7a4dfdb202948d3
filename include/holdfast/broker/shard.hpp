#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/broker/broker.hpp>
#include <holdfast/broker/client_info.hpp>
#include <holdfast/broker/fanout.hpp>
#include <holdfast/broker/ingest_group.hpp>
#include <holdfast/broker/peer.hpp>
#include <holdfast/broker/transport.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::broker {

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
    [[nodiscard]] std::uint32_t open(Peer peer);
    // Bytes from the peer; what is left of a packet is kept. May close the connection.
    void on_bytes(std::uint32_t slot, ByteView bytes);
    // The peer hung up, or its socket failed with `why`.
    void on_hang_up(std::uint32_t slot, std::string_view why);
    // Some of what the transport keeps was sent; what is left takes `held_bytes`.
    void on_sent(std::uint32_t slot, std::size_t held_bytes);

    // PUBLISH packets that came since the start, from all: what one call brought is the difference.
    [[nodiscard]] std::uint64_t publishes() const noexcept;
    // The transport reads no more of the connection for a while, since its client has sent more
    // than it may; and, while it does not: silence is no sign of death then.
    void on_slowed(std::uint32_t slot);
    void on_not_read(std::uint32_t slot);

    // False while too much is gathered, or is to be sent: read no socket until the turn has ended,
    // or until the next one after a completion.
    [[nodiscard]] bool wants_input() const noexcept;

    // Stores a batch from another door in the group being gathered. `done`: see Publisher.
    void publish(PublishBatch batch, Publisher::Done done);

    // What another thread asks for (ShardPort), as a part of the turn.
    void run(const std::function<void(Shard&)>& task) {
        begin_turn();
        task(*this);
    }

    // From other shards, as tasks. A connection of theirs, of which only `input` was read, whose
    // client lives here.
    void take_in(std::unique_ptr<MovingConnection> connection, Peer peer, ByteView input);
    // Messages for sessions of this shard, or stored for one of them. Both are used up.
    void deliver(Fanout& fanout);
    void deliver(QueueWrites::Chunk& chunk);
    // Users or rights may have changed: sessions get the rights of now.
    void follow_rights();
    // Its share of broker::Clients. `done` is called in this turn or a later one.
    void list_clients(ClientQuery query, std::function<void(ClientList)> done);
    [[nodiscard]] std::optional<ClientInfo> find_client(std::string_view client_id) const;
    [[nodiscard]] bool disconnect_client(std::string_view client_id, std::string_view why);
    // Calls `then` when all that was published here before is stored, or was refused.
    void when_durable(IngestGroup::Then then);

    void end_turn();
    // True while the gathered group is held back a moment because more is on its way (see
    // IngestPipeline): end_hold() must follow within kHold, before the next end_turn().
    [[nodiscard]] bool holds() const noexcept;
    void end_hold() noexcept;
    static constexpr std::chrono::microseconds kHold{400};
    // About once a second: keep alive, connect timeouts.
    void tick();
    // Whether end_turn() would send or submit anything now, which more input could join.
    [[nodiscard]] bool has_output() const noexcept;
    // Says goodbye to every client (server shutting down). New connections are the caller's to
    // stop.
    void close_all();
    // True when nothing gathered or being written is left.
    [[nodiscard]] bool is_idle() const noexcept;

    [[nodiscard]] std::uint16_t index() const noexcept { return index_; }

private:
    struct Parts;
    void begin_turn(); // reads the clocks and follows the streams, once a turn
    void on_group_completed();

    const std::uint16_t index_;
    Broker& broker_;
    bool turn_has_begun_ = false;
    const std::unique_ptr<Parts> parts_;
};

} // namespace holdfast::broker
