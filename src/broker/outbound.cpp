#include "broker/outbound.hpp"

#include "broker/packet_edit.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace holdfast::broker {

std::byte* Outbound::reserve(Session& session, std::size_t size) {
    std::byte* at = control_.allocate(size);
    link(session, {at, size, nullptr, 0, 0});
    return at;
}

void Outbound::add_control(Session& session, ByteView packet) {
    std::memcpy(reserve(session, packet.size()), packet.data(), packet.size());
}

void Outbound::add_borrowed(Session& session, std::span<const std::byte> bytes) {
    // Never written to: only pieces with id positions are.
    link(session, {const_cast<std::byte*>(bytes.data()), bytes.size(), nullptr, 0, 0});
}

void Outbound::link(Session& session, const Piece& piece) {
    pieces_.push_back(piece);
    const auto index = static_cast<std::uint32_t>(pieces_.size());
    if (session.last_piece == 0) {
        session.first_piece = index;
        waiting_.push_back(session.ref);
    } else {
        pieces_[session.last_piece - 1].next = index;
    }
    session.last_piece = index;
}

void Outbound::add_run(Session& session, const Receiver& receiver, Fanout& fanout,
                       const Fanout::Run& run) {
    if (receiver.no_local && run.publisher == session.ref) return;
    const bool qos1 = fanout.publish_is_qos1() && receiver.qos > 0;
    const WireForm form = wire_form(receiver.is_v5, qos1);
    const std::span<std::byte> bytes = fanout.bytes(run, form);
    if (!receiver.identifiers.empty() || run.packet_bytes_max > session.packet_bytes_max) {
        add_single_messages(session, receiver, bytes, qos1);
        return;
    }
    const auto ids = fanout.id_positions(run, form);
    link(session, {bytes.data(), bytes.size(), qos1 ? ids.data() : nullptr, run.messages, 0});
}

// The slow way, message by message: for subscription identifiers, which differ between receivers,
// and for clients whose maximum packet size some message of the run passes.
void Outbound::add_single_messages(Session& session, const Receiver& receiver,
                                   std::span<std::byte> run, bool qos1) {
    ByteView rest = run;
    while (!rest.empty()) {
        const ByteView packet = take_packet(rest);
        const Bytes edited = with_identifiers(packet, receiver.identifiers);
        if (edited.size() > session.packet_bytes_max) {
            shard_.broker_.counters().dropped_too_large.add();
            continue;
        }
        std::byte* at = control_.allocate(edited.size());
        std::memcpy(at, edited.data(), edited.size());
        const std::uint32_t* id = nullptr;
        if (qos1) id = &single_ids_.emplace_back(packet_id_position(edited));
        link(session, {at, edited.size(), id, 1, 0});
    }
}

void Outbound::flush() {
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        if (Session* session = shard_.find(waiting_[i])) flush(*session);
    }
    waiting_.clear();
    pieces_.clear();
    control_.clear();
    single_ids_.clear();
    shard_.broker_.counters().delivered.add(delivered_);
    delivered_ = 0;
}

void Outbound::flush(Session& session) {
    iov_.clear();
    std::uint32_t index = session.first_piece;
    drop(session);
    while (index != 0) {
        Piece& piece = pieces_[index - 1];
        index = piece.next;
        if (piece.messages != 0 && !take_delivery(session, piece)) return;
        if (piece.size != 0) iov_.push_back({piece.data, piece.size});
    }
    if (iov_.empty()) return;
    const std::size_t unsent = shard_.transport_.send(session.ref.slot, iov_);
    if (unsent != session.unsent_bytes) account_unsent(session, unsent);
}

// Applies the limits to a piece with messages: afterwards its size is what is to be sent now.
bool Outbound::take_delivery(Session& session, Piece& piece) {
    const std::size_t limit = shard_.broker_.settings().session_queue_bytes_max;
    if (session.unsent_bytes != 0 && session.unsent_bytes + piece.size > limit) {
        if (piece.id_positions != nullptr) {
            close_slow(session);
            return false;
        }
        shard_.broker_.counters().dropped_slow.add(piece.messages);
        piece.size = 0;
        return true;
    }
    if (piece.id_positions != nullptr) {
        SubscriberState& state = session.as_subscriber();
        const std::uint32_t quota =
            session.receive_maximum -
            std::min<std::uint32_t>(session.receive_maximum, state.packet_ids.used());
        const std::uint32_t fitting = state.queue.empty() ? std::min(quota, piece.messages) : 0;
        if (fitting < piece.messages && !queue_beyond_quota(session, piece, fitting)) return false;
        piece.messages = fitting;
        set_packet_ids(state, piece);
    }
    delivered_ += piece.messages;
    return true;
}

void Outbound::set_packet_ids(SubscriberState& state, Piece& piece) {
    for (std::uint32_t i = 0; i < piece.messages; ++i)
        store_u16_be(piece.data + piece.id_positions[i], state.packet_ids.take());
}

// Copies the messages behind the first `fitting` to the session's queue and cuts them off.
bool Outbound::queue_beyond_quota(Session& session, Piece& whole, std::uint32_t fitting) {
    SubscriberState& state = *session.subscriber;
    ByteView rest(whole.data, whole.size);
    for (std::uint32_t i = 0; i < fitting; ++i) (void)take_packet(rest);
    const std::size_t waiting = rest.size();
    const std::size_t limit = shard_.broker_.settings().session_queue_bytes_max;
    if (state.queue_bytes + waiting > limit || !shard_.broker_.memory().try_take(waiting)) {
        close_slow(session);
        return false;
    }
    state.queue_bytes += waiting;
    while (!rest.empty()) {
        const ByteView packet = take_packet(rest);
        state.queue.emplace_back(packet.begin(), packet.end());
    }
    whole.size -= waiting;
    return true;
}

void Outbound::drain_queue(Session& session) {
    SubscriberState& state = *session.subscriber;
    while (!state.queue.empty() && state.packet_ids.used() < session.receive_maximum) {
        const Bytes& packet = state.queue.front();
        std::byte* at = reserve(session, packet.size());
        std::memcpy(at, packet.data(), packet.size());
        store_u16_be(at + packet_id_position(packet), state.packet_ids.take());
        state.queue_bytes -= packet.size();
        shard_.broker_.memory().give_back(packet.size());
        state.queue.pop_front();
        ++delivered_;
    }
}

void Outbound::account_unsent(Session& session, std::size_t unsent_bytes) {
    MemoryAccount& memory = shard_.broker_.memory();
    if (unsent_bytes < session.unsent_bytes) {
        memory.give_back(session.unsent_bytes - unsent_bytes);
    } else if (!memory.try_take(unsent_bytes - session.unsent_bytes)) {
        close_slow(session);
        return;
    }
    session.unsent_bytes = unsent_bytes;
}

void Outbound::close_slow(Session& session) {
    shard_.broker_.counters().closed_slow.add();
    shard_.close(session, "reads too slowly: its queue is full");
}

} // namespace holdfast::broker
