#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

struct iovec;

namespace holdfast::gateway {

// Bytes that wait until a socket has room, first in, first out. Made of blocks of one size, so that
// what it takes is what it holds, to a block, and what one connection gives back serves the next.
class Backlog {
public:
    static constexpr std::size_t kBlockBytes = 4096; // with everything

    Backlog() = default;
    Backlog(Backlog&& other) noexcept;
    Backlog& operator=(Backlog&& other) noexcept;
    ~Backlog() { clear(); }

    [[nodiscard]] bool empty() const noexcept { return !first_; }
    // Memory that is allocated for it.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return blocks_ * kBlockBytes; }

    void append(std::span<const std::byte> bytes);
    // The first of what waits, in as many pieces as `pieces` takes; gives their number.
    std::size_t front(std::span<iovec> pieces) const noexcept;
    // The first `count` bytes are gone.
    void consume(std::size_t count) noexcept;
    void clear() noexcept;

private:
    struct Block;
    struct Header {
        std::unique_ptr<Block> next;
        std::size_t begin = 0;
        std::size_t end = 0;
    };
    struct Block : Header {
        std::array<std::byte, kBlockBytes - sizeof(Header)> bytes; // filled as it is used
    };
    void drop_first() noexcept;

    std::unique_ptr<Block> first_;
    Block* last_ = nullptr;
    std::size_t blocks_ = 0;
};

} // namespace holdfast::gateway
