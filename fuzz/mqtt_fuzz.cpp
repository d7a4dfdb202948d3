// Invariant: no input makes a decoder read past its bytes, and what decodes encodes to a packet
// that decodes again and encodes to the same bytes. First byte of the input: the version; then
// packets.
#include <holdfast/mqtt/ack.hpp>
#include <holdfast/mqtt/connack.hpp>
#include <holdfast/mqtt/connect.hpp>
#include <holdfast/mqtt/disconnect.hpp>
#include <holdfast/mqtt/publish.hpp>
#include <holdfast/mqtt/unsubscribe.hpp>

#include <cstdlib>

using namespace holdfast;
using namespace holdfast::mqtt;

namespace {

// `decode` takes flags and body, `encode` appends the whole packet.
template <class Decode, class Encode>
void round_trip(const Frame& frame, Decode decode, Encode encode) {
    const auto first = decode(static_cast<std::uint8_t>(frame.first_byte & 0x0FU), frame.body);
    if (!first) return;
    Bytes once;
    encode(once, first.value());
    const Frame again = next_frame(once, UINT32_MAX);
    if (again.status != FrameStatus::whole || again.size_bytes != once.size()) std::abort();
    const auto second = decode(static_cast<std::uint8_t>(again.first_byte & 0x0FU), again.body);
    if (!second) std::abort();
    Bytes twice;
    encode(twice, second.value());
    if (once != twice) std::abort();
}

Result<Publish> decode_whole_publish(std::uint8_t flags, ByteView body, Version version) {
    HF_TRY(const PublishView view, decode_publish(flags, body, version));
    HF_TRY(check_topic(view.topic));
    HF_TRY(Properties properties, decode_properties(view.properties, PropertyOwner::publish));
    return Publish{view.topic, view.payload, std::move(properties), view.packet_id,
                   view.qos,   view.retain,  view.duplicate};
}

template <class Packet>
using Decoder = Result<Packet> (*)(ByteView, Version);
template <class Packet>
using Encoder = void (*)(Bytes&, const Packet&, Version);

template <class Packet>
void round_trip_with_version(const Frame& frame, Version version, Decoder<Packet> decode,
                             Encoder<Packet> encode) {
    round_trip(
        frame, [&](std::uint8_t, ByteView body) { return decode(body, version); },
        [&](Bytes& out, const Packet& packet) { encode(out, packet, version); });
}

void check(const Frame& frame, Version version) {
    const auto type = static_cast<PacketType>(frame.first_byte >> 4U);
    switch (type) {
        case PacketType::connect:
            return round_trip(
                frame, [](std::uint8_t, ByteView body) { return decode_connect(body); },
                encode_connect);
        case PacketType::connack:
            return round_trip_with_version<Connack>(frame, version, decode_connack, encode_connack);
        case PacketType::publish:
            return round_trip(
                frame,
                [&](std::uint8_t flags, ByteView body) {
                    return decode_whole_publish(flags, body, version);
                },
                [&](Bytes& out, const Publish& p) { encode_publish(out, p, version); });
        case PacketType::puback:
        case PacketType::pubrec:
        case PacketType::pubrel:
        case PacketType::pubcomp:
            return round_trip(
                frame, [&](std::uint8_t, ByteView body) { return decode_ack(type, body, version); },
                [&](Bytes& out, const Ack& ack) { encode_ack(out, ack, version); });
        case PacketType::subscribe:
            return round_trip_with_version<Subscribe>(frame, version, decode_subscribe,
                                                      encode_subscribe);
        case PacketType::suback:
            return round_trip_with_version<SubscribeAnswer>(frame, version, decode_suback,
                                                            encode_suback);
        case PacketType::unsubscribe:
            return round_trip_with_version<Unsubscribe>(frame, version, decode_unsubscribe,
                                                        encode_unsubscribe);
        case PacketType::unsuback:
            return round_trip_with_version<SubscribeAnswer>(frame, version, decode_unsuback,
                                                            encode_unsuback);
        case PacketType::disconnect:
            return round_trip_with_version<Disconnect>(frame, version, decode_disconnect,
                                                       encode_disconnect);
        case PacketType::auth:
            return round_trip(
                frame, [](std::uint8_t, ByteView body) { return decode_auth(body); }, encode_auth);
        case PacketType::pingreq:
        case PacketType::pingresp: return;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto version = static_cast<Version>(3 + data[0] % 3);
    ByteView rest = std::as_bytes(std::span(data + 1, size - 1));
    for (;;) {
        const Frame frame = next_frame(rest, 1U << 20U);
        if (frame.status != FrameStatus::whole) return 0;
        check(frame, version);
        rest = rest.subspan(frame.size_bytes);
    }
}
