#include "gateway/mqtt/handshakes.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <cassert>
#include <iterator>
#include <utility>

namespace holdfast::gateway {

Handshakes::~Handshakes() {
    for (const UnderWay& handshake : under_way_) {
        memory_.give_back(kMemoryBytes);
        ::close(handshake.fd);
    }
}

bool Handshakes::begin(int fd, std::shared_ptr<const TlsContext> tls, broker::Peer peer,
                       Clock::time_point deadline) {
    assert(under_way_.empty() || under_way_.back().deadline <= deadline);
    const auto refuse = [&](std::string_view why) {
        notes_.failed(peer.address, why);
        ::close(fd);
        return false;
    };
    if (under_way_.size() >= kMax)
        return refuse(fmt::format("{} others are under way on this thread", kMax));
    if (!memory_.try_take(kMemoryBytes)) return refuse("limits.memory is reached");
    // Numbers go round; one that still is under way is passed over.
    do next_ = (next_ + 1) & ~kTag;
    while (of_tag_.contains(next_ | kTag));
    const std::uint32_t tag = next_ | kTag;
    if (const auto added = poller_.add(fd, tag); !added) {
        memory_.give_back(kMemoryBytes);
        return refuse(added.error().context);
    }
    under_way_.push_back({fd, tag, std::move(tls), {}, std::move(peer), deadline});
    of_tag_.emplace(tag, std::prev(under_way_.end()));
    return true;
}

Handshakes::Outcome Handshakes::go_on(std::uint32_t tag, std::optional<Done>& done) {
    const auto found = of_tag_.find(tag);
    if (found == of_tag_.end()) return Outcome::goes_on; // ended by an event before it
    UnderWay& handshake = *found->second;
    if (!handshake.tls) handshake.tls.emplace(std::move(handshake.context), handshake.fd);
    using Status = TlsSession::Status;
    const Status status = handshake.tls->handshake().status;
    if (status == Status::done) {
        notes_.succeeded();
        handshake.peer.common_name = handshake.tls->peer_name();
        done.emplace(Done{handshake.fd, std::move(*handshake.tls), std::move(handshake.peer)});
        forget(found->second);
        return Outcome::done;
    }
    const bool goes_on = status == Status::wants_read || status == Status::wants_write;
    if (goes_on && handshake.tls->bytes_read() <= kBytesReadMax) {
        const bool awaits_room = status == Status::wants_write;
        if (std::exchange(handshake.awaits_room, awaits_room) != awaits_room)
            poller_.want(handshake.fd, tag, {.readable = !awaits_room, .writable = awaits_room});
        return Outcome::goes_on;
    }
    close(found->second, goes_on                    ? "it is too long"
                         : status == Status::closed ? "the peer closed the connection"
                                                    : handshake.tls->error());
    return Outcome::failed;
}

std::size_t Handshakes::close_late(Clock::time_point now, std::size_t most) {
    std::size_t closed = 0;
    for (; closed < most && !under_way_.empty(); ++closed) {
        if (under_way_.front().deadline > now) break;
        close(under_way_.begin(), "it took too long");
    }
    return closed;
}

// Without its socket, which is somebody else's from here on.
void Handshakes::forget(Position handshake) {
    poller_.remove(handshake->fd);
    memory_.give_back(kMemoryBytes);
    of_tag_.erase(handshake->tag);
    under_way_.erase(handshake);
}

void Handshakes::close(Position handshake, std::string_view why) {
    notes_.failed(handshake->peer.address, why);
    const int fd = handshake->fd;
    forget(handshake);
    ::close(fd);
}

} // namespace holdfast::gateway
