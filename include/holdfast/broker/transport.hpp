#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

struct iovec;

namespace holdfast::broker {

class Shard;

// A connection between two shards. Closes it, unless a transport takes it in.
class MovingConnection {
public:
    virtual ~MovingConnection() = default;
};

// What a shard needs of the sockets under it. One per shard, same thread; slots are Shard's.
class Transport {
public:
    virtual ~Transport() = default;

    // Sends the pieces in order, as far as the socket takes them now; gives the bytes that it took.
    // Not while something is kept for the slot.
    virtual std::size_t send(std::uint32_t slot, std::span<const iovec> pieces) = 0;
    // Keeps copies of the pieces, behind what is kept already, and sends them when it can. Gives
    // the memory that all that is kept takes. Shard::on_sent() tells how it becomes less.
    virtual std::size_t keep(std::uint32_t slot, std::span<const iovec> pieces) = 0;
    // Closes after what was sent before; what is kept gets a short while, where `lingers`. The slot
    // is the shard's again at once, so the transport must not speak of it any more.
    virtual void close(std::uint32_t slot, bool lingers) = 0;

    // The connection of `from` belongs to `to` from now on, a slot that has none.
    virtual void move(std::uint32_t from, std::uint32_t to) = 0;
    // Lets go of a slot's connection, to which nothing was sent yet; the slot is the shard's again.
    virtual std::unique_ptr<MovingConnection> release(std::uint32_t slot) = 0;
    // Takes in what another shard's transport released. Where that fails, Shard::on_hang_up()
    // follows at once.
    virtual void take_in(std::uint32_t slot, std::unique_ptr<MovingConnection> connection) = 0;
};

// The way to a shard from other threads. `task` is given to Shard::run() on the shard's thread, in
// the order of post() calls of one thread. Thread-safe.
class ShardPort {
public:
    virtual ~ShardPort() = default;
    virtual void post(std::function<void(Shard&)> task) = 0;
};

} // namespace holdfast::broker
