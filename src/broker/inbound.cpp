#include "broker/inbound.hpp"

#include "broker/outbound.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/mqtt/ack.hpp>
#include <holdfast/mqtt/disconnect.hpp>
#include <holdfast/mqtt/frame.hpp>

namespace holdfast::broker {
namespace {

// Before CONNECT nobody is known: no packet may make us keep more than this.
constexpr std::uint32_t kConnectBytesMax = 128 * 1024;

// The start of a packet may take this much without asking: most packets never do, and the shared
// account is not touched for them.
constexpr std::size_t kPartialBytesFree = 4096;

} // namespace

void Inbound::take(Session& session, ByteView bytes) {
    const SessionRef ref = session.ref;
    gather(session, bytes);
    if (shard_.find(ref) != nullptr) account_partial(session);
}

void Inbound::gather(Session& session, ByteView bytes) {
    const SessionRef ref = session.ref;
    if (session.partial.empty()) {
        const ByteView rest = take_packets(session, bytes);
        if (shard_.find(ref) == nullptr || rest.empty()) return;
        session.partial.assign(rest.begin(), rest.end());
        return;
    }
    session.partial.insert(session.partial.end(), bytes.begin(), bytes.end());
    if (session.state == SessionState::on_hold) {
        if (session.partial.size() > shard_.broker_.settings().packet_bytes_max)
            shard_.close(session, "sent too much before it was accepted");
        return;
    }
    Bytes whole = std::move(session.partial);
    session.partial = Bytes();
    const ByteView rest = take_packets(session, whole);
    if (shard_.find(ref) == nullptr || rest.empty()) return;
    whole.erase(whole.begin(), whole.end() - static_cast<std::ptrdiff_t>(rest.size()));
    session.partial = std::move(whole);
}

// Long packets that do not end are paid for as long as they are kept, and refused when all is
// taken.
void Inbound::account_partial(Session& session) {
    const std::size_t capacity = session.partial.capacity();
    const std::size_t bytes = capacity > kPartialBytesFree ? capacity : 0;
    if (bytes == session.partial_bytes) return;
    MemoryAccount& memory = shard_.broker_.memory();
    if (bytes > session.partial_bytes && !memory.try_take(bytes - session.partial_bytes)) {
        log_info("mqtt", "client '{}' from {} closed: no memory is left for the rest of a packet",
                 session.client_id, session.peer_address);
        return disconnect(session, mqtt::ReasonCode::quota_exceeded, "the server's memory is full");
    }
    if (bytes < session.partial_bytes) memory.give_back(session.partial_bytes - bytes);
    session.partial_bytes = bytes;
}

// Handles the whole packets of `input`; gives what is left. Nothing is left of a closed session.
ByteView Inbound::take_packets(Session& session, ByteView input) {
    while (!input.empty()) {
        if (session.state == SessionState::on_hold) return input;
        const std::uint32_t bytes_max = session.state == SessionState::connected
                                            ? shard_.broker_.settings().packet_bytes_max
                                            : kConnectBytesMax;
        const mqtt::Frame frame = mqtt::next_frame(input, bytes_max);
        switch (frame.status) {
            case mqtt::FrameStatus::incomplete: return input;
            case mqtt::FrameStatus::malformed:
                protocol_error(session, mqtt::ReasonCode::malformed_packet, "malformed length");
                return {};
            case mqtt::FrameStatus::too_large:
                protocol_error(session, mqtt::ReasonCode::packet_too_large, "packet too large");
                return {};
            case mqtt::FrameStatus::whole: break;
        }
        if (!take_packet(session, frame.first_byte, frame.body)) return {};
        input = input.subspan(frame.size_bytes);
    }
    return input;
}

bool Inbound::take_packet(Session& session, std::uint8_t first_byte, ByteView body) {
    const auto type = static_cast<mqtt::PacketType>(first_byte >> 4U);
    const std::uint8_t flags = first_byte & 0x0FU;
    if (session.state == SessionState::connecting) {
        if (type == mqtt::PacketType::connect && flags == 0) return on_connect(session, body);
        return protocol_error(session, mqtt::ReasonCode::protocol_error,
                              "the first packet is not CONNECT");
    }
    if (type == mqtt::PacketType::publish) return on_publish(session, flags, body);
    if (!mqtt::flags_are_legal(type, flags))
        return protocol_error(session, mqtt::ReasonCode::malformed_packet,
                              "reserved flags are set");
    switch (type) {
        case mqtt::PacketType::puback: return on_puback(session, body);
        case mqtt::PacketType::subscribe: return on_subscribe(session, body);
        case mqtt::PacketType::unsubscribe: return on_unsubscribe(session, body);
        case mqtt::PacketType::pingreq: return on_pingreq(session, body);
        case mqtt::PacketType::disconnect: return on_disconnect(session, body);
        case mqtt::PacketType::auth:
            return protocol_error(session, mqtt::ReasonCode::protocol_error,
                                  "AUTH without an authentication method in CONNECT");
        default: // a second CONNECT, QoS 2 packets, and what only servers send
            return protocol_error(session, mqtt::ReasonCode::protocol_error,
                                  "a packet that is not allowed here");
    }
}

bool Inbound::on_puback(Session& session, ByteView body) {
    std::uint16_t packet_id = 0;
    if (body.size() == 2) { // nearly every one: success, no properties
        packet_id = load_u16_be(body.data());
    } else {
        const auto ack = mqtt::decode_ack(mqtt::PacketType::puback, body, session.version);
        if (!ack) return malformed(session, ack.error());
        packet_id = ack.value().packet_id;
    }
    if (session.subscriber && session.subscriber->packet_ids.give_back(packet_id))
        shard_.outbound_->drain_queue(session);
    return true;
}

bool Inbound::on_pingreq(Session& session, ByteView body) {
    if (!body.empty())
        return protocol_error(session, mqtt::ReasonCode::malformed_packet, "PINGREQ with a body");
    scratch_.clear();
    mqtt::encode_pingresp(scratch_);
    shard_.outbound_->add_control(session, scratch_);
    return true;
}

bool Inbound::on_disconnect(Session& session, ByteView body) {
    const auto packet = mqtt::decode_disconnect(body, session.version);
    if (!packet) return malformed(session, packet.error());
    shard_.close(session, "the client disconnected");
    return false;
}

bool Inbound::malformed(Session& session, const Error& error) {
    return protocol_error(session, mqtt::reason_of(error), error.context);
}

// Always false, as a handler that has closed its session returns.
bool Inbound::protocol_error(Session& session, mqtt::ReasonCode reason, std::string_view why) {
    shard_.broker_.counters().protocol_errors.add();
    log_info("mqtt", "client '{}' from {} closed: {} ({})", session.client_id, session.peer_address,
             why, mqtt::to_string(reason));
    disconnect(session, reason, why);
    return false;
}

void Inbound::disconnect(Session& session, mqtt::ReasonCode reason, std::string_view why) {
    if (session.is_v5() && session.state == SessionState::connected) {
        scratch_.clear();
        mqtt::Disconnect packet{reason, {}};
        if (session.wants_problem_information) packet.properties.reason_string = why;
        mqtt::encode_disconnect(scratch_, packet, session.version);
        if (scratch_.size() <= session.packet_bytes_max)
            shard_.outbound_->add_control(session, scratch_);
    }
    shard_.close(session, why);
}

void Inbound::count_turn() {
    if (received_ == 0) return;
    shard_.broker_.counters().received.add(received_);
    received_ = 0;
}

} // namespace holdfast::broker
