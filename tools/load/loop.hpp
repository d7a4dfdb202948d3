#pragma once

#include <holdfast/base/bytes.hpp>

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace holdfast::load {

// Monotonic nanoseconds: the clock of every latency here.
[[nodiscard]] std::uint64_t monotonic_ns() noexcept;

class Loop;

// One connected, non-blocking socket on a Loop. Closed by its destructor.
class Link {
public:
    explicit Link(int socket) noexcept : socket_(socket) {}
    virtual ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    // Sends the pieces in order. What the socket does not take is copied and follows when it
    // becomes writable; then congested() is true and the caller should produce no more.
    void send(std::span<iovec> pieces);
    void send(ByteView bytes);

    [[nodiscard]] bool congested() const noexcept { return !unsent_.empty(); }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    // Why it closed, for people: empty while it is open.
    [[nodiscard]] const std::string& close_reason() const noexcept { return close_reason_; }
    // Ends the connection without a word; errors of it are no failure from now on.
    void shut();

protected:
    // Consumes whole packets from `bytes` and returns how many bytes those were; the rest is
    // given again, with more behind it. `now_ns` is the time of this readiness event.
    virtual std::size_t on_bytes(ByteView bytes, std::uint64_t now_ns) = 0;
    virtual void on_writable(std::uint64_t now_ns) { static_cast<void>(now_ns); }
    void close_because(std::string reason);

private:
    friend class Loop;
    void flush();
    void watch_writable(bool wanted);

    Loop* loop_ = nullptr;
    int socket_;
    bool closed_ = false;
    std::string close_reason_;
    Bytes unsent_;
    std::size_t unsent_from_ = 0;
    Bytes partial_; // the start of a packet whose end has not come
};

// A single-threaded epoll loop with one large read buffer for all links: one recv per
// readiness event, so that the generator costs less per message than what it measures.
class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // The link must stay where it is and outlive the loop or be closed first.
    void add(Link& link);
    // Waits for events, at most `timeout_ns` (0: only looks), and serves them.
    void turn(std::uint64_t timeout_ns);

    // Links that the peer or an error closed, since the start.
    [[nodiscard]] std::size_t failures() const noexcept { return failures_; }
    [[nodiscard]] const std::string& first_failure() const noexcept { return first_failure_; }

private:
    friend class Link;
    void serve_readable(Link& link, std::uint64_t now_ns);
    void failed(Link& link);

    int epoll_;
    std::size_t failures_ = 0;
    std::string first_failure_;
    Bytes read_buffer_;
};

} // namespace holdfast::load
