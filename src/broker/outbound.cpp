#include "broker/outbound.hpp"

#include "broker/packet_edit.hpp"

#include <holdfast/mqtt/ack.hpp>
#include <holdfast/mqtt/frame.hpp>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace holdfast::broker {
namespace {

constexpr std::uint8_t kMessageExpiryInterval = 0x02; // MQTT5 section 2.2.2.2
constexpr std::uint8_t kSubscriptionIdentifier = 0x0B;
constexpr std::size_t kQueuedPacketBytes = sizeof(Bytes) + 16; // beside its bytes; of the heap: 16

std::byte* put(std::byte* at, ByteView bytes) noexcept {
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return at + bytes.size();
}

} // namespace

std::byte* Outbound::reserve(Session& session, std::size_t size) {
    std::byte* at = control_.allocate(size);
    link(session, {at, size, nullptr, 0, 0});
    return at;
}

void Outbound::add_control(Session& session, ByteView packet) {
    std::memcpy(reserve(session, packet.size()), packet.data(), packet.size());
}

void Outbound::add_ack(Session& session, mqtt::PacketType type, std::uint16_t packet_id,
                       bool is_known) {
    const auto reason =
        is_known ? mqtt::ReasonCode::success : mqtt::ReasonCode::packet_identifier_not_found;
    scratch_.clear();
    mqtt::encode_ack(scratch_, {type, packet_id, reason, {}}, session.version);
    add_control(session, scratch_);
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
    const std::uint8_t qos = std::min(run.qos, receiver.qos);
    const WireForm form = wire_form(receiver.is_v5, qos);
    const std::span<std::byte> bytes = fanout.bytes(run, form);
    // Most that is left out is left out here: whoever does not read must cost next to nothing.
    if (qos == 0 && session.unsent_bytes != 0 && room(session) < bytes.size() / run.messages) {
        dropped_slow_ += run.messages;
        return;
    }
    const bool retain = run.retain && receiver.retain_as_published;
    if (!receiver.identifiers.empty() || retain || session.is_narrowed ||
        run.packet_bytes_max > session.packet_bytes_max) {
        add_single_messages(session, bytes, receiver.identifiers, retain);
        return;
    }
    const auto ids = fanout.id_positions(run, form);
    link(session, {bytes.data(), bytes.size(), qos != 0 ? ids.data() : nullptr, run.messages, 0});
}

// The slow way, message by message: for subscription identifiers and the RETAIN flag, which differ
// between receivers, for a right that was lost meanwhile, and for clients whose maximum packet size
// some message passes.
void Outbound::add_single_messages(Session& session, ByteView packets,
                                   std::span<const std::uint32_t> identifiers, bool retain) {
    while (!packets.empty()) {
        const ByteView packet = take_packet(packets);
        if (!may_receive(session, topic_of(packet))) {
            context_.broker.counters().dropped_denied.add();
            continue;
        }
        Bytes edited = with_identifiers(packet, identifiers);
        if (retain) edited[0] |= std::byte{0x01};
        if (edited.size() > session.packet_bytes_max) {
            context_.broker.counters().dropped_too_large.add();
            continue;
        }
        std::byte* at = control_.allocate(edited.size());
        std::memcpy(at, edited.data(), edited.size());
        const std::uint32_t* id = nullptr;
        if (has_packet_id(edited)) id = &single_ids_.emplace_back(packet_id_position(edited));
        link(session, {at, edited.size(), id, 1, 0});
    }
}

std::optional<std::size_t> Outbound::add_publish(Session& session, const OutPublish& publish) {
    scratch_.clear();
    ByteWriter properties(scratch_);
    if (session.is_v5()) {
        properties.bytes(publish.properties);
        if (publish.expires_ms != RetainedMessage::kNever) {
            const std::int64_t left_ms =
                std::max<std::int64_t>(0, publish.expires_ms - context_.clock.expiry_ms);
            properties.u8(kMessageExpiryInterval);
            properties.u32_be(static_cast<std::uint32_t>(
                std::min<std::int64_t>((left_ms + 999) / 1000, publish.expiry_max_s)));
        }
        for (const std::uint32_t identifier : publish.identifiers) {
            properties.u8(kSubscriptionIdentifier);
            mqtt::write_variable_byte_integer(properties, identifier);
        }
    }
    const std::size_t rest =
        2 + publish.topic.size() + (publish.qos != 0 ? 2U : 0U) + publish.payload.size() +
        (session.is_v5() ? mqtt::variable_byte_integer_bytes(scratch_.size()) + scratch_.size()
                         : 0);
    const std::size_t size = 1 + mqtt::variable_byte_integer_bytes(rest) + rest;
    if (size > session.packet_bytes_max) {
        context_.broker.counters().dropped_too_large.add();
        return std::nullopt;
    }
    std::byte* const packet = control_.allocate(size);
    std::byte* at = packet;
    *at++ = static_cast<std::byte>(0x30U | (publish.duplicate ? 8U : 0U) |
                                   unsigned{publish.qos} << 1U | (publish.retain ? 1U : 0U));
    at = mqtt::put_variable_byte_integer(at, rest);
    store_u16_be(at, static_cast<std::uint16_t>(publish.topic.size()));
    at = put(at + 2, as_bytes(publish.topic));
    const auto id_position = static_cast<std::uint32_t>(at - packet);
    if (publish.qos != 0) {
        store_u16_be(at, publish.packet_id);
        at += 2;
    }
    if (session.is_v5()) {
        at = mqtt::put_variable_byte_integer(at, scratch_.size());
        at = put(at, scratch_);
    }
    put(at, publish.payload);
    const bool wants_id = publish.qos != 0 && publish.packet_id == 0;
    const std::uint32_t* id = wants_id ? &single_ids_.emplace_back(id_position) : nullptr;
    const bool is_counted = publish.packet_id != 0; // its sender has seen to the limits
    link(session, {packet, size, id, is_counted ? 0U : 1U, 0});
    if (is_counted) ++delivered_;
    return size;
}

void Outbound::flush() {
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        if (Session* session = context_.sessions.find(waiting_[i])) flush(*session);
    }
    waiting_.clear();
    pieces_.clear();
    control_.clear();
    single_ids_.clear();
    context_.broker.counters().delivered.add(delivered_);
    if (dropped_slow_ != 0) context_.broker.counters().dropped_slow.add(dropped_slow_);
    delivered_ = dropped_slow_ = 0;
}

void Outbound::flush(Session& session) {
    if (session.first_piece == 0) return;
    iov_.clear();
    droppable_.clear();
    std::size_t size = 0;
    std::uint32_t index = session.first_piece;
    drop(session);
    while (index != 0) {
        Piece& piece = pieces_[index - 1];
        index = piece.next;
        if (piece.messages != 0 && !take_delivery(session, piece)) return;
        if (piece.size == 0) continue;
        iov_.push_back({piece.data, piece.size});
        droppable_.push_back(piece.messages != 0 && piece.id_positions == nullptr);
        size += piece.size;
    }
    if (iov_.empty()) return;
    std::size_t sent = 0;
    if (session.unsent_bytes == 0) sent = context_.transport.send(session.ref.slot, iov_);
    if (sent < size) keep_rest(session, sent);
}

// Applies the client's receive maximum to a piece with messages: afterwards its size is what is to
// be sent now.
bool Outbound::take_delivery(Session& session, Piece& piece) {
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
    const std::size_t cost = rest.size() + (whole.messages - fitting) * kQueuedPacketBytes;
    if (!make_room(session, cost)) {
        close_slow(session);
        return false;
    }
    if (session.waiting_bytes() == 0) session.sent_ms = context_.clock.monotonic_ms;
    budget_.take(cost);
    state.queue_bytes += cost;
    whole.size -= rest.size();
    while (!rest.empty()) {
        const ByteView packet = take_packet(rest);
        state.queue.emplace_back(packet.begin(), packet.end());
    }
    return true;
}

void Outbound::drain_queue(Session& session) {
    SubscriberState& state = *session.subscriber;
    session.sent_ms = context_.clock.monotonic_ms;
    while (!state.queue.empty() && state.packet_ids.used() < session.receive_maximum) {
        const Bytes& packet = state.queue.front();
        bool is_allowed = true;
        if (state.queue_unchecked != 0) {
            --state.queue_unchecked;
            is_allowed = may_receive(session, topic_of(packet));
        }
        if (is_allowed) {
            std::byte* at = reserve(session, packet.size());
            std::memcpy(at, packet.data(), packet.size());
            store_u16_be(at + packet_id_position(packet), state.packet_ids.take());
            ++delivered_;
        } else {
            context_.broker.counters().dropped_denied.add();
        }
        const std::size_t cost = packet.size() + kQueuedPacketBytes;
        state.queue_bytes -= cost;
        budget_.give_back(cost);
        state.queue.pop_front();
    }
}

} // namespace holdfast::broker
