#pragma once

#include "gateway/mqtt/poller.hpp"
#include "gateway/tls/tls_session.hpp"

#include <holdfast/base/memory_account.hpp>
#include <holdfast/broker/peer.hpp>
#include <holdfast/gateway/tls/handshake_notes.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>

namespace holdfast::gateway {

// The TLS handshakes under way on one shard's thread, whose peers have proven nothing yet: bounded
// in number, memory, bytes that are read, and time. One thread.
class Handshakes {
public:
    using Clock = std::chrono::steady_clock;

    // Marks what the poller says of sockets that are in here.
    static constexpr std::uint32_t kTag = 1U << 31U;
    static constexpr std::size_t kMax = 1'024;
    static constexpr std::size_t kBytesReadMax = 128 * 1024; // a chain of certificates and more
    // What a session holds with its buffers, in the account while the handshake lasts.
    static constexpr std::size_t kMemoryBytes = 64 * 1024;

    struct Done {
        int fd; // the caller's, watched by nobody
        TlsSession tls;
        broker::Peer peer; // with the common name
    };

    Handshakes(Poller& poller, MemoryAccount& memory, HandshakeNotes& notes)
        : poller_(poller), memory_(memory), notes_(notes) {}
    ~Handshakes();
    Handshakes(const Handshakes&) = delete;
    Handshakes& operator=(const Handshakes&) = delete;

    // Takes a connected, non-blocking socket; its session is made when the peer has said something.
    // No deadline before those of earlier calls: asserted. False where it was refused and closed.
    bool begin(int fd, std::shared_ptr<const TlsContext> tls, broker::Peer peer,
               Clock::time_point deadline);
    // What the poller says of `tag`: gets on as far as it goes. Where it fails it is closed.
    enum class Outcome : std::uint8_t { goes_on, failed, done };
    [[nodiscard]] Outcome go_on(std::uint32_t tag, std::optional<Done>& done);
    // Closes those that are past their deadline, at most so many; gives how many these are.
    std::size_t close_late(Clock::time_point now, std::size_t most);
    [[nodiscard]] std::size_t size() const noexcept { return under_way_.size(); }

private:
    struct UnderWay {
        int fd;
        std::uint32_t tag;
        std::shared_ptr<const TlsContext> context;
        std::optional<TlsSession> tls; // none until the peer has said something
        broker::Peer peer;
        Clock::time_point deadline;
        bool awaits_room = false;
    };
    using Position = std::list<UnderWay>::iterator;
    void forget(Position handshake);
    void close(Position handshake, std::string_view why);

    Poller& poller_;
    MemoryAccount& memory_;
    HandshakeNotes& notes_;
    std::list<UnderWay> under_way_; // by deadline
    std::unordered_map<std::uint32_t, Position> of_tag_;
    std::uint32_t next_ = 0;
};

} // namespace holdfast::gateway
