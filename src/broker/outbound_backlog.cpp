#include "broker/outbound.hpp"

#include "broker/packet_edit.hpp"

#include <holdfast/base/log_line.hpp>

#include <algorithm>

// What happens to bytes that a socket does not take at once. The policy: QoS 0 is left out where
// there is no room; everything else makes room, at the cost of whoever holds most for longest.
namespace holdfast::broker {
namespace {

constexpr int kVictimsMax = 16; // of one session that wants room

// Whole packets of `packets` within `room` bytes.
ByteView fitting(ByteView packets, std::size_t room, std::uint64_t& left_out) {
    ByteView rest = packets;
    std::size_t fits = 0;
    while (!rest.empty()) {
        const ByteView packet = take_packet(rest);
        if (fits + packet.size() > room) {
            ++left_out;
            while (!rest.empty()) {
                (void)take_packet(rest);
                ++left_out;
            }
            break;
        }
        fits += packet.size();
    }
    return packets.first(fits);
}

ByteView view_of(const iovec& piece) {
    return {static_cast<const std::byte*>(piece.iov_base), piece.iov_len};
}

iovec piece_of(ByteView bytes) {
    return {const_cast<std::byte*>(bytes.data()), bytes.size()}; // only ever read
}

} // namespace

std::size_t Outbound::room(const Session& session) const {
    const std::size_t most = context_.broker.settings().session_queue_bytes_max;
    const std::size_t held = session.held_bytes();
    return std::min(most > held ? most - held : 0, budget_.room(held));
}

// Cuts off the first `sent` bytes of iov_. A QoS 0 packet that was begun has to be ended: what is
// left of it becomes a piece that must not be left out.
void Outbound::cut_sent(std::size_t sent) {
    std::size_t i = 0;
    while (sent >= iov_[i].iov_len) sent -= iov_[i++].iov_len;
    iov_.erase(iov_.begin(), iov_.begin() + static_cast<std::ptrdiff_t>(i));
    droppable_.erase(droppable_.begin(), droppable_.begin() + static_cast<std::ptrdiff_t>(i));
    if (sent == 0) return;
    const ByteView whole = view_of(iov_.front());
    if (!droppable_.front()) {
        iov_.front() = piece_of(whole.subspan(sent));
        return;
    }
    ByteView rest = whole;
    while (whole.size() - rest.size() < sent) (void)take_packet(rest);
    const std::size_t begun = whole.size() - rest.size() - sent;
    iov_.front() = piece_of(rest);
    if (rest.empty()) droppable_.front() = false;
    if (begun == 0) return;
    iov_.insert(iov_.begin(), piece_of(whole.subspan(sent, begun)));
    droppable_.insert(droppable_.begin(), false);
}

void Outbound::keep_rest(Session& session, std::size_t sent) {
    cut_sent(sent);
    std::size_t needed = 0;
    for (std::size_t i = 0; i < iov_.size(); ++i)
        if (!droppable_[i]) needed += iov_[i].iov_len;
    if (!make_room(session, needed)) return close_slow(session);
    std::size_t room_left = room(session) - needed;
    std::uint64_t left_out = 0;
    for (std::size_t i = 0; i < iov_.size(); ++i) {
        if (!droppable_[i]) continue;
        iov_[i] = piece_of(fitting(view_of(iov_[i]), room_left, left_out));
        room_left -= iov_[i].iov_len;
    }
    note_held(session, context_.transport.keep(session.ref.slot, iov_));
    if (left_out == 0) return;
    delivered_ -= left_out;
    dropped_slow_ += left_out;
}

void Outbound::note_held(Session& session, std::size_t held_bytes) {
    if (session.waiting_bytes() == 0) session.sent_ms = context_.clock.monotonic_ms;
    if (held_bytes >= session.unsent_bytes)
        budget_.take(held_bytes - session.unsent_bytes);
    else
        budget_.give_back(session.unsent_bytes - held_bytes);
    session.unsent_bytes = held_bytes;
}

bool Outbound::make_room(Session& session, std::size_t bytes) {
    for (int i = 0; i < kVictimsMax && room(session) < bytes; ++i) {
        Session* const victim = find_victim(session);
        if (victim == nullptr) return false;
        close_slow(*victim);
    }
    return room(session) >= bytes;
}

// Who holds most for longest without reading anything: never the one that reads, however much is
// on its way to it. Null where that is `session` itself.
Session* Outbound::find_victim(const Session& session) {
    const auto burden = [&](const Session& one) {
        const std::int64_t idle_ms = context_.clock.monotonic_ms - one.sent_ms + 1;
        return static_cast<double>(one.waiting_bytes()) * static_cast<double>(idle_ms);
    };
    Session* victim = nullptr;
    double most = burden(session);
    for (Session& one : context_.sessions) {
        if (one.waiting_bytes() == 0 || one.state != SessionState::connected) continue;
        if (&one == &session || burden(one) <= most) continue;
        most = burden(one);
        victim = &one;
    }
    return victim;
}

// Without last words, which would stand behind all that it does not read.
void Outbound::close_slow(Session& session) {
    drop(session);
    if (session.state == SessionState::closing) return; // what it would be told has no room
    context_.broker.counters().closed_slow.add();
    log_info("mqtt", "client '{}' from {} closed: it reads too slowly, {} bytes wait for it",
             session.client_id, session.peer.address, session.waiting_bytes());
    closer_->close(session, "reads too slowly", false);
}

} // namespace holdfast::broker
