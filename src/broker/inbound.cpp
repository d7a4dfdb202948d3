#include "broker/inbound.hpp"

#include "broker/doorkeeper.hpp"
#include "broker/outbound.hpp"
#include "broker/persistent_sessions.hpp"
#include "broker/session_closer.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/shard.hpp>
#include <holdfast/mqtt/connect.hpp>
#include <holdfast/mqtt/disconnect.hpp>
#include <holdfast/mqtt/frame.hpp>
#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/header_names.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace holdfast::broker {
namespace {

constexpr auto kConnectByte = std::byte{0x10};

// The start of a packet may take this much without asking: most packets never do, and the shared
// account is not touched for them.
constexpr std::size_t kPartialBytesFree = 4096;

} // namespace

Inbound::Inbound(ShardContext& context, const Needs& needs)
    : context_(context),
      doorkeeper_(needs.doorkeeper),
      topics_(needs.topics),
      retained_writer_(needs.retained_writer),
      outbound_(needs.outbound),
      persistent_(needs.persistent),
      closer_(needs.closer),
      queues_(needs.queues),
      retained_sender_(needs.retained_sender) {
    record::encode_header(retain_header_, record::kHeaderMqttRetain, as_bytes("1"));
}

void Inbound::take(Session& session, ByteView bytes) {
    pings_ = 0;
    if (session.awaits_gate) return wait_for_gate(session, bytes);
    if (Session* const goes_on = gather(session, bytes)) account_partial(*goes_on);
}

// Gives the session that the connection belongs to now; null where it is gone.
Session* Inbound::gather(Session& first, ByteView bytes) {
    Session* session = &first;
    if (first.partial.empty()) {
        const ByteView rest = take_packets(session, bytes);
        if (session != nullptr && !rest.empty()) session->partial.assign(rest.begin(), rest.end());
        return session;
    }
    Bytes whole = std::move(first.partial);
    first.partial = Bytes();
    whole.insert(whole.end(), bytes.begin(), bytes.end());
    const ByteView rest = take_packets(session, whole);
    if (session == nullptr || rest.empty()) return session;
    whole.erase(whole.begin(), whole.end() - static_cast<std::ptrdiff_t>(rest.size()));
    session->partial = std::move(whole);
    return session;
}

// Long packets that do not end are paid for as long as they are kept, and refused when all is
// taken.
void Inbound::account_partial(Session& session) {
    const std::size_t capacity = session.partial.capacity();
    const std::size_t bytes = capacity > kPartialBytesFree ? capacity : 0;
    if (bytes == session.partial_bytes) return;
    MemoryAccount& memory = context_.broker.memory();
    if (bytes > session.partial_bytes && !memory.try_take(bytes - session.partial_bytes)) {
        log_info("mqtt", "client '{}' from {} closed: no memory is left for the rest of a packet",
                 session.client_id, session.peer.address);
        return closer_.disconnect(session, mqtt::ReasonCode::quota_exceeded,
                                  "the server's memory is full");
    }
    if (bytes < session.partial_bytes) memory.give_back(session.partial_bytes - bytes);
    session.partial_bytes = bytes;
}

// Handles the whole packets of `input`; gives what is left. `session` follows the connection: to a
// persistent session with CONNECT, to null when it is closed.
ByteView Inbound::take_packets(Session*& session, ByteView input) {
    while (!input.empty() && !session->awaits_connack) {
        const bool is_connected = session->state == SessionState::connected;
        const std::uint32_t bytes_max =
            is_connected ? context_.broker.settings().packet_bytes_max : kConnectBytesMax;
        if (!is_connected && input[0] != kConnectByte) { // whatever it is, it is not for us
            protocol_error(*session, mqtt::ReasonCode::protocol_error,
                           "the first packet is not CONNECT");
            session = nullptr;
            return {};
        }
        const mqtt::Frame frame = mqtt::next_frame(input, bytes_max);
        if (frame.status == mqtt::FrameStatus::incomplete) return input;
        session->last_read_ms =
            context_.clock.monotonic_ms; // the bytes of half a packet are no life
        bool goes_on = false;
        if (frame.status == mqtt::FrameStatus::malformed) {
            protocol_error(*session, mqtt::ReasonCode::malformed_packet, "malformed length");
        } else if (frame.status == mqtt::FrameStatus::too_large) {
            protocol_error(*session, mqtt::ReasonCode::packet_too_large, "packet too large");
        } else if (is_connected) {
            goes_on = take_packet(*session, frame.first_byte, frame.body);
        } else if (!goes_elsewhere(*session, frame, input)) {
            session = on_connect(*session, frame.body);
            goes_on = session != nullptr;
            if (goes_on && session->awaits_gate) return input; // CONNECT is read again then
        }
        if (!goes_on) {
            session = nullptr;
            return {};
        }
        input = input.subspan(frame.size_bytes);
    }
    return input;
}

// A client id lives on one shard, where all connections that claim it meet: a connection that was
// accepted by another goes there, with its CONNECT and what stands behind it.
bool Inbound::goes_elsewhere(Session& session, const mqtt::Frame& frame, ByteView input) {
    if (context_.broker.port_count() == 1) return false;
    const auto connect = mqtt::decode_connect(frame.body);
    if (!connect || connect.value().client_id.empty()) return false; // answered here
    const std::uint16_t home = context_.broker.home_of(connect.value().client_id);
    if (home == context_.index) return false;
    hand_over(session, home, input);
    return true;
}

void Inbound::hand_over(Session& session, std::uint16_t home, ByteView input) {
    struct Arrival {
        std::unique_ptr<MovingConnection> connection;
        Peer peer;
        Bytes input;
    };
    auto arrival = std::make_shared<Arrival>(); // std::function wants copies
    arrival->connection = context_.transport.release(session.ref.slot);
    arrival->peer = std::move(session.peer);
    arrival->input.assign(input.begin(), input.end());
    context_.broker.memory().give_back(session.partial_bytes);
    context_.sessions.free(session);
    context_.broker.port(home).post([arrival](Shard& shard) {
        shard.take_in(std::move(arrival->connection), std::move(arrival->peer), arrival->input);
    });
}

bool Inbound::take_packet(Session& session, std::uint8_t first_byte, ByteView body) {
    const auto type = static_cast<mqtt::PacketType>(first_byte >> 4U);
    const std::uint8_t flags = first_byte & 0x0FU;
    if (type == mqtt::PacketType::publish) return on_publish(session, flags, body);
    if (!mqtt::flags_are_legal(type, flags))
        return protocol_error(session, mqtt::ReasonCode::malformed_packet,
                              "reserved flags are set");
    switch (type) {
        case mqtt::PacketType::puback: return on_puback(session, body);
        case mqtt::PacketType::pubrec: return on_pubrec(session, body);
        case mqtt::PacketType::pubrel: return on_pubrel(session, body);
        case mqtt::PacketType::pubcomp: return on_pubcomp(session, body);
        case mqtt::PacketType::subscribe: return on_subscribe(session, body);
        case mqtt::PacketType::unsubscribe: return on_unsubscribe(session, body);
        case mqtt::PacketType::pingreq: return on_pingreq(session, body);
        case mqtt::PacketType::disconnect: return on_disconnect(session, body);
        case mqtt::PacketType::auth:
            return protocol_error(session, mqtt::ReasonCode::protocol_error,
                                  "AUTH without an authentication method in CONNECT");
        default: // a second CONNECT, and what only servers send
            return protocol_error(session, mqtt::ReasonCode::protocol_error,
                                  "a packet that is not allowed here");
    }
}

bool Inbound::on_pingreq(Session& session, ByteView body) {
    if (!body.empty())
        return protocol_error(session, mqtt::ReasonCode::malformed_packet, "PINGREQ with a body");
    if (++pings_ > kPingsAtOnceMax)
        return protocol_error(session, mqtt::ReasonCode::message_rate_too_high,
                              "a flood of PINGREQ");
    scratch_.clear();
    mqtt::encode_pingresp(scratch_);
    outbound_.add_control(session, scratch_);
    return true;
}

bool Inbound::on_disconnect(Session& session, ByteView body) {
    const auto packet = mqtt::decode_disconnect(body, session.version);
    if (!packet) return malformed(session, packet.error());
    if (const auto expiry_s = packet.value().properties.session_expiry_interval_s) {
        const bool ends_now = !session.persistent || session.persistent->expiry_s == 0;
        if (ends_now && *expiry_s != 0)
            return protocol_error(session, mqtt::ReasonCode::protocol_error,
                                  "DISCONNECT makes a session persistent [MQTT5-3.14.2-2]");
        if (session.persistent)
            persistent_.set_expiry(
                session, std::min(*expiry_s, context_.broker.settings().session_expiry_max_s));
    }
    if (packet.value().reason == mqtt::ReasonCode::success) {
        if (session.persistent) persistent_.drop_will(session);
        session.will.reset();
    }
    closer_.close(session, "the client disconnected");
    return false;
}

bool Inbound::malformed(Session& session, const Error& error) {
    return protocol_error(session, mqtt::reason_of(error), error.context);
}

// Always false, as a handler that has closed its session returns.
bool Inbound::protocol_error(Session& session, mqtt::ReasonCode reason, std::string_view why) {
    context_.broker.counters().protocol_errors.add();
    log_info("mqtt", "client '{}' from {} closed: {} ({})", session.client_id, session.peer.address,
             why, mqtt::to_string(reason));
    closer_.disconnect(session, reason, why);
    return false;
}

void Inbound::count_turn() {
    if (received_ == 0) return;
    context_.broker.counters().received.add(received_);
    counted_ += std::exchange(received_, 0);
}

} // namespace holdfast::broker
