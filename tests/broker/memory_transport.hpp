#pragma once

// Connections without sockets: what a shard sends stays here until a test looks at it.

#include <holdfast/base/bytes.hpp>
#include <holdfast/broker/transport.hpp>

#include <catch2/catch.hpp>

#include <sys/uio.h>
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::broker::test {

struct ShardBench;

// One connection, wherever it has gone.
struct Line {
    ShardBench* bench = nullptr;
    std::uint32_t slot = 0;
    Bytes sent;
    bool is_closed = false;
    std::size_t socket_room = SIZE_MAX; // how much the socket takes until it is read
    Bytes kept;                         // until then
    std::vector<std::string> greeting;  // what came with the CONNACK, and it
};

struct MemoryTransport final : Transport {
    struct MovingLine final : MovingConnection {
        std::shared_ptr<Line> line;
    };
    explicit MemoryTransport(ShardBench& owner) : bench(owner) {}

    std::size_t send(std::uint32_t slot, std::span<const iovec> pieces) override {
        Line& line = *lines.at(slot);
        REQUIRE(line.kept.empty());
        std::size_t sent = 0;
        for (const iovec& piece : pieces) {
            const auto* begin = static_cast<const std::byte*>(piece.iov_base);
            const std::size_t taken = std::min(piece.iov_len, line.socket_room - sent);
            line.sent.insert(line.sent.end(), begin, begin + taken);
            sent += taken;
        }
        line.socket_room -= line.socket_room == SIZE_MAX ? 0 : sent;
        return sent;
    }
    std::size_t keep(std::uint32_t slot, std::span<const iovec> pieces) override {
        Line& line = *lines.at(slot);
        for (const iovec& piece : pieces) {
            const auto* begin = static_cast<const std::byte*>(piece.iov_base);
            line.kept.insert(line.kept.end(), begin, begin + piece.iov_len);
        }
        return line.kept.size();
    }
    void close(std::uint32_t slot, bool) override {
        lines.at(slot)->is_closed = true;
        lines.erase(slot);
    }
    void move(std::uint32_t from, std::uint32_t to) override {
        put(to, std::move(lines.at(from)));
        lines.erase(from);
    }
    std::unique_ptr<MovingConnection> release(std::uint32_t slot) override {
        auto moving = std::make_unique<MovingLine>();
        moving->line = std::move(lines.at(slot));
        lines.erase(slot);
        return moving;
    }
    void take_in(std::uint32_t slot, std::unique_ptr<MovingConnection> moving) override {
        put(slot, std::move(static_cast<MovingLine&>(*moving).line));
    }
    void put(std::uint32_t slot, std::shared_ptr<Line> line) {
        line->bench = &bench;
        line->slot = slot;
        lines[slot] = std::move(line);
    }

    ShardBench& bench;
    std::map<std::uint32_t, std::shared_ptr<Line>> lines;
};

} // namespace holdfast::broker::test
