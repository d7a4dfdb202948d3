#include "gateway/mqtt/handshakes.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <utility>

namespace holdfast::gateway {

Handshakes::~Handshakes() {
    for (const auto& [tag, handshake] : under_way_) {
        memory_.give_back(kMemoryBytes);
        ::close(handshake.fd);
    }
}

bool Handshakes::begin(int fd, std::shared_ptr<const TlsContext> tls, broker::Peer peer,
                       Clock::time_point deadline) {
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
    while (under_way_.contains(next_ | kTag));
    const std::uint32_t tag = next_ | kTag;
    if (const auto added = poller_.add(fd, tag); !added) {
        memory_.give_back(kMemoryBytes);
        return refuse(added.error().context);
    }
    under_way_.emplace(tag,
                       UnderWay{fd, TlsSession(std::move(tls), fd), std::move(peer), deadline});
    return true;
}

Handshakes::Outcome Handshakes::go_on(std::uint32_t tag, std::optional<Done>& done) {
    const auto found = under_way_.find(tag);
    if (found == under_way_.end()) return Outcome::goes_on; // ended by an event before it
    UnderWay& handshake = found->second;
    using Status = TlsSession::Status;
    const Status status = handshake.tls.handshake().status;
    if (status == Status::done) {
        poller_.remove(handshake.fd);
        memory_.give_back(kMemoryBytes);
        notes_.succeeded();
        handshake.peer.common_name = handshake.tls.peer_common_name();
        done.emplace(Done{handshake.fd, std::move(handshake.tls), std::move(handshake.peer)});
        under_way_.erase(found);
        return Outcome::done;
    }
    const bool goes_on = status == Status::wants_read || status == Status::wants_write;
    if (goes_on && handshake.tls.bytes_read() <= kBytesReadMax) {
        const bool awaits_room = status == Status::wants_write;
        if (std::exchange(handshake.awaits_room, awaits_room) != awaits_room)
            poller_.want(handshake.fd, tag, {.readable = !awaits_room, .writable = awaits_room});
        return Outcome::goes_on;
    }
    close(handshake, goes_on                    ? "it is too long"
                     : status == Status::closed ? "the peer closed the connection"
                                                : handshake.tls.error());
    under_way_.erase(found);
    return Outcome::failed;
}

std::size_t Handshakes::close_late(Clock::time_point now) {
    return std::erase_if(under_way_, [&](const auto& entry) {
        if (entry.second.deadline > now) return false;
        close(entry.second, "it took too long");
        return true;
    });
}

void Handshakes::close(const UnderWay& handshake, std::string_view why) {
    notes_.failed(handshake.peer.address, why);
    poller_.remove(handshake.fd);
    memory_.give_back(kMemoryBytes);
    ::close(handshake.fd);
}

} // namespace holdfast::gateway
