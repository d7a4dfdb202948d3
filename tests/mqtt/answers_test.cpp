// Goal: acknowledgements, subscriptions, DISCONNECT, AUTH and pings round trip and refuse bad
// bodies.
#include <holdfast/mqtt/ack.hpp>
#include <holdfast/mqtt/disconnect.hpp>
#include <holdfast/mqtt/unsubscribe.hpp>

#include "packet.hpp"

using namespace holdfast;
using namespace holdfast::mqtt;

namespace {

constexpr Version kVersions[] = {Version::v31, Version::v311, Version::v5};

template <class T>
ReasonCode refusal(const Result<T>& decoded) {
    REQUIRE(decoded.has_error());
    return reason_of(decoded.error());
}

} // namespace

TEST_CASE("acknowledgements round trip, short and long", "[mqtt]") {
    for (const Version version : kVersions) {
        for (const PacketType type :
             {PacketType::puback, PacketType::pubrec, PacketType::pubrel, PacketType::pubcomp}) {
            Ack ack{type, 77, ReasonCode::success, {}};
            if (version == Version::v5) {
                const bool is_first = type == PacketType::puback || type == PacketType::pubrec;
                ack.reason =
                    is_first ? ReasonCode::not_authorized : ReasonCode::packet_identifier_not_found;
                ack.properties.reason_string = "why";
            }
            Bytes packet;
            encode_ack(packet, ack, version);
            const Frame frame = whole_frame(packet, type);
            CHECK(flags_are_legal(type, frame.first_byte & 0x0FU));
            const auto decode = [&](ByteView b) { return decode_ack(type, b, version); };
            const auto decoded = decode(frame.body);
            REQUIRE(decoded.has_value());
            CHECK(decoded.value().packet_id == 77);
            CHECK(decoded.value().reason == ack.reason);
            CHECK(decoded.value().properties == ack.properties);
            if (version == Version::v5)
                no_prefix_decodes(frame.body, decode, {2, 3}); // reason and properties may lack
            else
                no_prefix_decodes(frame.body, decode);
        }
    }
    const auto v5 = [](PacketType type, const Bytes& b) {
        return decode_ack(type, b, Version::v5);
    };
    CHECK(refusal(v5(PacketType::puback, bytes_of({0, 0}))) == ReasonCode::protocol_error);
    CHECK(refusal(v5(PacketType::puback, bytes_of({0, 1, 0x92}))) == ReasonCode::protocol_error);
    CHECK(refusal(v5(PacketType::pubrel, bytes_of({0, 1, 0x87}))) == ReasonCode::protocol_error);
    CHECK(decode_ack(PacketType::puback, bytes_of({0, 1, 0}), Version::v311).has_error());
}

TEST_CASE("SUBSCRIBE and SUBACK round trip", "[mqtt]") {
    for (const Version version : kVersions) {
        const bool is_v5 = version == Version::v5;
        Subscribe subscribe;
        subscribe.packet_id = 5;
        if (is_v5) subscribe.properties.subscription_identifiers = {300};
        subscribe.requests = {
            {"a/+", Qos::exactly_once, is_v5, is_v5, std::uint8_t(is_v5 ? 2 : 0)}};
        Bytes packet;
        encode_subscribe(packet, subscribe, version);
        const Frame frame = whole_frame(packet, PacketType::subscribe);
        const auto decode = [&](ByteView b) { return decode_subscribe(b, version); };
        const auto decoded = decode(frame.body);
        REQUIRE(decoded.has_value());
        CHECK(decoded.value().packet_id == 5);
        CHECK(decoded.value().properties == subscribe.properties);
        REQUIRE(decoded.value().requests.size() == 1);
        const SubscriptionRequest& request = decoded.value().requests[0];
        CHECK(request.filter == "a/+");
        CHECK(request.qos == Qos::exactly_once);
        CHECK(request.no_local == is_v5);
        CHECK(request.retain_as_published == is_v5);
        CHECK(request.retain_handling == (is_v5 ? 2 : 0));
        no_prefix_decodes(frame.body, decode); // [MQTT-3.8.3-2]: none without a filter

        Bytes answer;
        encode_suback(answer, {5, {}, {ReasonCode::not_authorized}}, version);
        const Frame suback = whole_frame(answer, PacketType::suback);
        const auto decode_answer = [&](ByteView b) { return decode_suback(b, version); };
        const auto reasons = decode_answer(suback.body).value().reasons;
        REQUIRE(reasons.size() == 1);
        CHECK(reasons[0] == (is_v5 ? ReasonCode::not_authorized : ReasonCode::unspecified_error));
        no_prefix_decodes(suback.body, decode_answer);
    }
}

TEST_CASE("illegal subscription options are refused", "[mqtt]") {
    const auto with = [](unsigned options) {
        return decode_subscribe(bytes_of({0, 1, 0, 0, 1, 'a', options}), Version::v5);
    };
    CHECK(with(0x2D).has_value());
    CHECK(refusal(with(0x03)) == ReasonCode::protocol_error);   // QoS 3
    CHECK(refusal(with(0x30)) == ReasonCode::protocol_error);   // retain handling 3
    CHECK(refusal(with(0x40)) == ReasonCode::malformed_packet); // [MQTT-3.8.3-5]
    Bytes shared;                                               // [MQTT-3.8.3-4]
    encode_subscribe(shared, {1, {}, {{"$share/g/a", Qos::at_most_once, true, false, 0}}},
                     Version::v5);
    CHECK(refusal(decode_subscribe(next_frame(shared, 100).body, Version::v5)) ==
          ReasonCode::protocol_error);
    CHECK(refusal(decode_subscribe(bytes_of({0, 0, 0, 1, 'a', 0}), Version::v311)) ==
          ReasonCode::protocol_error);
    CHECK(decode_subscribe(bytes_of({0, 1, 0, 1, 'a', 4}), Version::v311).has_error());
}

TEST_CASE("UNSUBSCRIBE and UNSUBACK round trip", "[mqtt]") {
    for (const Version version : kVersions) {
        Bytes packet;
        encode_unsubscribe(packet, {9, {}, {"a/#"}}, version);
        const Frame frame = whole_frame(packet, PacketType::unsubscribe);
        const auto decode = [&](ByteView b) { return decode_unsubscribe(b, version); };
        CHECK(decode(frame.body).value().filters == std::vector<std::string_view>{"a/#"});
        no_prefix_decodes(frame.body, decode); // [MQTT-3.10.3-2]

        Bytes answer;
        encode_unsuback(answer, {9, {}, {ReasonCode::no_subscription_existed}}, version);
        const Frame unsuback = whole_frame(answer, PacketType::unsuback);
        const auto decoded = decode_unsuback(unsuback.body, version);
        REQUIRE(decoded.has_value());
        CHECK(decoded.value().packet_id == 9);
        CHECK(decoded.value().reasons.size() == (version == Version::v5 ? 1 : 0));
    }
    CHECK(decode_unsubscribe(bytes_of({0, 0, 0, 1, 'a'}), Version::v311).has_error());
    CHECK(decode_unsuback(bytes_of({0, 1, 0}), Version::v311).has_error());
}

TEST_CASE("DISCONNECT and AUTH carry a reason that is theirs", "[mqtt]") {
    Disconnect bye{ReasonCode::session_taken_over, {}};
    bye.properties.server_reference = "other";
    Bytes packet;
    encode_disconnect(packet, bye, Version::v5);
    const Frame frame = whole_frame(packet, PacketType::disconnect);
    const auto decode = [](ByteView b) { return decode_disconnect(b, Version::v5); };
    CHECK(decode(frame.body).value().reason == ReasonCode::session_taken_over);
    CHECK(decode(frame.body).value().properties == bye.properties);
    no_prefix_decodes(frame.body, decode, {0, 1});
    CHECK(refusal(decode(bytes_of({0x10}))) == ReasonCode::protocol_error);
    CHECK(refusal(decode(bytes_of({0, 0, 0}))) == ReasonCode::malformed_packet);
    Bytes old;
    encode_disconnect(old, bye, Version::v311);
    CHECK(old == bytes_of({0xE0, 0}));
    CHECK(decode_disconnect({}, Version::v311).has_value());
    CHECK(decode_disconnect(bytes_of({0}), Version::v311).has_error());

    Auth auth{ReasonCode::continue_authentication, {}};
    auth.properties.authentication_method = "m";
    Bytes out;
    encode_auth(out, auth);
    const Frame whole = whole_frame(out, PacketType::auth);
    CHECK(decode_auth(whole.body).value().properties == auth.properties);
    no_prefix_decodes(whole.body, decode_auth, {0, 1});
    CHECK(refusal(decode_auth(bytes_of({0x80}))) == ReasonCode::protocol_error);
}

TEST_CASE("pings are two bytes and every reason code has a name", "[mqtt]") {
    Bytes pings;
    encode_pingreq(pings);
    encode_pingresp(pings);
    CHECK(pings == bytes_of({0xC0, 0, 0xD0, 0}));
    unsigned named = 0;
    for (unsigned code = 0; code < 256; ++code)
        if (to_string(static_cast<ReasonCode>(code)) != "Unknown") ++named;
    CHECK(named == 43);
}
