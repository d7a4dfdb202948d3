#pragma once

#include <holdfast/base/result.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <span>

struct epoll_event;

namespace holdfast::gateway {

// One epoll descriptor nested in an io_context: thousands of plain sockets cost the context one
// descriptor, and a connection costs nothing but its own state. Level-triggered. One thread.
class Poller {
public:
    struct Event {
        std::uint32_t tag = 0;
        bool readable = false; // also at end of file and on errors: read to learn which
        bool writable = false;
    };
    // What is waited for at a socket.
    struct Interest {
        bool readable = true;
        bool writable = false;
        friend bool operator==(const Interest&, const Interest&) = default;
    };
    static constexpr std::size_t kEventsMax = 256; // a turn serves so many sockets at most

    // Terminates by exception where the kernel has no descriptor left: start-up only.
    explicit Poller(boost::asio::io_context& io);
    ~Poller();

    // Readable, until want() says otherwise.
    [[nodiscard]] Result<void> add(int fd, std::uint32_t tag);
    void want(int fd, std::uint32_t tag, Interest wanted);
    void remove(int fd);

    // Calls `ready` once, from the io_context, when any socket is ready. Arm again after each.
    void async_wait(std::function<void()> ready);
    // What is ready now; valid until the next call. Never blocks.
    [[nodiscard]] std::span<const Event> poll();
    void cancel();

private:
    boost::asio::posix::stream_descriptor epoll_;
    std::array<Event, kEventsMax> events_;
};

} // namespace holdfast::gateway
