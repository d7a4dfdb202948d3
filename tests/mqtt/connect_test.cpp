// Goal: CONNECT and CONNACK round trip in every version; broken ones are refused with the right
// code.
#include <holdfast/mqtt/connack.hpp>
#include <holdfast/mqtt/connect.hpp>

#include "packet.hpp"

using namespace holdfast;
using namespace holdfast::mqtt;

namespace {

Connect full_connect(Version version) {
    Connect connect;
    connect.version = version;
    connect.clean_start = false;
    connect.keep_alive_s = 60;
    connect.client_id = "pump-7";
    connect.user_name = "user";
    connect.password = as_bytes("secret");
    connect.will = Will{"will/topic", as_bytes("gone"), Qos::exactly_once, true, {}};
    if (version == Version::v5) {
        connect.properties.receive_maximum = std::uint16_t{10};
        connect.will->properties.will_delay_interval_s = 5U;
    }
    return connect;
}

} // namespace

TEST_CASE("CONNECT round trips in every version and no prefix of it decodes", "[mqtt]") {
    for (const Version version : {Version::v31, Version::v311, Version::v5}) {
        Bytes packet;
        encode_connect(packet, full_connect(version));
        const Frame frame = whole_frame(packet, PacketType::connect);
        const auto decoded = decode_connect(frame.body);
        REQUIRE(decoded.has_value());
        const Connect& connect = decoded.value();
        CHECK(connect.version == version);
        CHECK_FALSE(connect.clean_start);
        CHECK(connect.keep_alive_s == 60);
        CHECK(connect.client_id == "pump-7");
        CHECK(connect.user_name.value() == "user");
        CHECK(as_text(connect.password.value()) == "secret");
        REQUIRE(connect.will.has_value());
        CHECK(connect.will->topic == "will/topic");
        CHECK(as_text(connect.will->payload) == "gone");
        CHECK(connect.will->qos == Qos::exactly_once);
        CHECK(connect.will->retain);
        CHECK(connect.properties == full_connect(version).properties);
        CHECK(connect.will->properties == full_connect(version).will->properties);
        no_prefix_decodes(frame.body, decode_connect);
    }
}

TEST_CASE("a broken CONNECT is refused with the code that answers it", "[mqtt]") {
    const auto refusal = [](unsigned level, unsigned flags, unsigned behind = 0) {
        Bytes body = bytes_of({0, 4, 'M', 'Q', 'T', 'T', level, flags, 0, 9});
        if (level == 5) body.push_back(std::byte{0});
        for (const unsigned byte : {0U, 1U, unsigned{'c'}, 0U, 1U, unsigned{'+'}, 0U, 0U})
            body.push_back(static_cast<std::byte>(byte));
        body.resize(body.size() + behind);
        const auto decoded = decode_connect(body);
        REQUIRE(decoded.has_error());
        return reason_of(decoded.error());
    };
    CHECK(refusal(6, 2) == ReasonCode::unsupported_protocol_version); // [MQTT-3.1.2-2]
    CHECK(refusal(4, 0x03) == ReasonCode::malformed_packet);          // [MQTT-3.1.2-3]
    CHECK(refusal(4, 0x0A) == ReasonCode::malformed_packet);          // [MQTT-3.1.2-11]
    CHECK(refusal(4, 0x1E) == ReasonCode::malformed_packet);          // [MQTT-3.1.2-12]
    CHECK(refusal(4, 0x22) == ReasonCode::malformed_packet);          // [MQTT-3.1.2-13]
    CHECK(refusal(4, 0x42) == ReasonCode::malformed_packet); // a password needs a user in MQTT 3
    CHECK(refusal(4, 0x06) == ReasonCode::malformed_packet); // the will's topic is "+"
    CHECK(refusal(4, 0x02) == ReasonCode::malformed_packet); // bytes behind the end
    const auto other = decode_connect(bytes_of({0, 4, 'H', 'T', 'T', 'P', 4, 2, 0, 9, 0, 0}));
    REQUIRE(other.has_error());
    CHECK(reason_of(other.error()) == ReasonCode::malformed_packet); // [MQTT-3.1.2-1]
}

TEST_CASE("CONNACK round trips; MQTT 3 gets the nearest return code", "[mqtt]") {
    Connack connack;
    connack.session_present = true;
    connack.properties.assigned_client_identifier = "made-up";
    Bytes packet;
    encode_connack(packet, connack, Version::v5);
    const Frame frame = whole_frame(packet, PacketType::connack);
    const auto decoded = decode_connack(frame.body, Version::v5);
    REQUIRE(decoded.has_value());
    CHECK(decoded.value().session_present);
    CHECK(decoded.value().properties == connack.properties);
    no_prefix_decodes(frame.body, [](ByteView b) { return decode_connack(b, Version::v5); });

    const auto code = [](ReasonCode reason) {
        Bytes out;
        encode_connack(out, Connack{false, reason, 0, {}}, Version::v311);
        return decode_connack(whole_frame(out, PacketType::connack).body, Version::v311)
            .value()
            .return_code;
    };
    CHECK(code(ReasonCode::success) == 0);
    CHECK(code(ReasonCode::unsupported_protocol_version) == 1);
    CHECK(code(ReasonCode::client_identifier_not_valid) == 2);
    CHECK(code(ReasonCode::server_busy) == 3);
    CHECK(code(ReasonCode::bad_user_name_or_password) == 4);
    CHECK(code(ReasonCode::not_authorized) == 5);
    CHECK(decode_connack(bytes_of({2, 0}), Version::v311).has_error()); // reserved flags
    CHECK(decode_connack(bytes_of({0, 0, 0}), Version::v311).has_error());
}
