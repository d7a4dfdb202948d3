// Goal: every MQTT 5 property goes out and comes back, only where it belongs and only once.
#include <holdfast/mqtt/properties.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include "packet.hpp"

using namespace holdfast;
using namespace holdfast::mqtt;

namespace {

struct Sample {
    Bytes bytes; // identifier and value
    unsigned owners;
    bool may_repeat = false;
};

constexpr unsigned in(std::initializer_list<PropertyOwner> owners) {
    unsigned bits = 0;
    for (const PropertyOwner owner : owners) bits |= 1U << static_cast<unsigned>(owner);
    return bits;
}

// MQTT5 table 2-4, written down a second time.
std::vector<Sample> samples() {
    using enum PropertyOwner;
    const unsigned message = in({publish, will});
    const unsigned limits = in({connect, connack});
    return {
        {bytes_of({0x01, 1}), message},
        {bytes_of({0x02, 0, 0, 0, 9}), message},
        {bytes_of({0x03, 0, 1, 'j'}), message},
        {bytes_of({0x08, 0, 1, 'r'}), message},
        {bytes_of({0x09, 0, 2, 0, 0xFF}), message},
        {bytes_of({0x0B, 0x81, 1}), in({publish, subscribe}), true},
        {bytes_of({0x11, 0, 0, 0, 9}), in({connect, connack, disconnect})},
        {bytes_of({0x12, 0, 1, 'c'}), in({connack})},
        {bytes_of({0x13, 0, 9}), in({connack})},
        {bytes_of({0x15, 0, 1, 'm'}), in({connect, connack, auth})},
        {bytes_of({0x17, 0}), in({connect})},
        {bytes_of({0x18, 0, 0, 0, 9}), in({will})},
        {bytes_of({0x19, 1}), in({connect})},
        {bytes_of({0x1A, 0, 1, 'i'}), in({connack})},
        {bytes_of({0x1C, 0, 1, 's'}), in({connack, disconnect})},
        {bytes_of({0x1F, 0, 1, 'w'}), in({connack, ack, suback, unsuback, disconnect, auth})},
        {bytes_of({0x21, 0, 9}), limits},
        {bytes_of({0x22, 0, 9}), limits},
        {bytes_of({0x23, 0, 9}), in({publish})},
        {bytes_of({0x24, 1}), in({connack})},
        {bytes_of({0x25, 0}), in({connack})},
        {bytes_of({0x26, 0, 1, 'k', 0, 1, 'v'}), 0x7FF, true},
        {bytes_of({0x27, 0, 0, 1, 0}), limits},
        {bytes_of({0x28, 0}), in({connack})},
        {bytes_of({0x29, 0}), in({connack})},
        {bytes_of({0x2A, 0}), in({connack})},
    };
}

ReasonCode refusal(const Bytes& bytes, PropertyOwner owner) {
    const auto decoded = decode_properties(bytes, owner);
    REQUIRE(decoded.has_error());
    return reason_of(decoded.error());
}

} // namespace

TEST_CASE("each property is taken exactly in the packets that may carry it", "[mqtt]") {
    for (const Sample& sample : samples()) {
        CAPTURE(std::to_integer<int>(sample.bytes[0]));
        for (unsigned owner = 0; owner <= static_cast<unsigned>(PropertyOwner::auth); ++owner) {
            CAPTURE(owner);
            const auto where = static_cast<PropertyOwner>(owner);
            const auto decoded = decode_properties(sample.bytes, where);
            if ((sample.owners >> owner & 1U) == 0) {
                CHECK(refusal(sample.bytes, where) == ReasonCode::protocol_error);
                continue;
            }
            REQUIRE(decoded.has_value());
            Bytes again;
            ByteWriter writer(again);
            write_properties(writer, decoded.value());
            CHECK(std::to_integer<std::size_t>(again.front()) == sample.bytes.size());
            CHECK(Bytes(again.begin() + 1, again.end()) == sample.bytes);
            no_prefix_decodes(sample.bytes,
                              [&](ByteView cut) { return decode_properties(cut, where); }, {0});
        }
    }
}

TEST_CASE("a property stands once, but for user properties and PUBLISH's identifiers", "[mqtt]") {
    for (const Sample& sample : samples()) {
        CAPTURE(std::to_integer<int>(sample.bytes[0]));
        unsigned owner = 0;
        while ((sample.owners >> owner & 1U) == 0) ++owner;
        Bytes twice = sample.bytes;
        twice.insert(twice.end(), sample.bytes.begin(), sample.bytes.end());
        const auto where = static_cast<PropertyOwner>(owner);
        if (sample.may_repeat)
            CHECK(decode_properties(twice, where).has_value());
        else
            CHECK(refusal(twice, where) == ReasonCode::protocol_error);
    }
    const Bytes two = bytes_of({0x0B, 1, 0x0B, 2});
    CHECK(refusal(two, PropertyOwner::subscribe) == ReasonCode::protocol_error);
}

TEST_CASE("values out of range are protocol errors, unknown ones malformed", "[mqtt]") {
    using enum PropertyOwner;
    CHECK(refusal(bytes_of({0x21, 0, 0}), connect) == ReasonCode::protocol_error);
    CHECK(refusal(bytes_of({0x27, 0, 0, 0, 0}), connect) == ReasonCode::protocol_error);
    // [MQTT5-3.3.2-8], and section 3.3.2.3.4: its reason has a code of its own.
    CHECK(refusal(bytes_of({0x23, 0, 0}), publish) == ReasonCode::topic_alias_invalid);
    CHECK(refusal(bytes_of({0x0B, 0}), subscribe) == ReasonCode::protocol_error);
    CHECK(refusal(bytes_of({0x17, 2}), connect) == ReasonCode::protocol_error);
    CHECK(refusal(bytes_of({0x16, 0, 0}), connect) == ReasonCode::protocol_error);
    CHECK(refusal(bytes_of({0x08, 0, 1, '#'}), publish) == ReasonCode::protocol_error);
    CHECK(refusal(bytes_of({0x7E}), publish) == ReasonCode::malformed_packet);
    CHECK(refusal(bytes_of({0x03, 0, 1, 0xFF}), publish) == ReasonCode::malformed_packet);
}

TEST_CASE("user properties are bounded", "[mqtt]") {
    Bytes bytes;
    for (std::size_t i = 0; i < kUserPropertiesMax; ++i)
        for (const unsigned byte : {0x26U, 0U, 0U, 0U, 0U})
            bytes.push_back(static_cast<std::byte>(byte));
    CHECK(decode_properties(bytes, PropertyOwner::publish).has_value());
    for (const unsigned byte : {0x26U, 0U, 0U, 0U, 0U})
        bytes.push_back(static_cast<std::byte>(byte));
    CHECK(refusal(bytes, PropertyOwner::publish) == ReasonCode::protocol_error);
}

TEST_CASE("authentication data travels with its method", "[mqtt]") {
    const Bytes bytes = bytes_of({0x15, 0, 1, 'm', 0x16, 0, 1, 'd'});
    const auto decoded = decode_properties(bytes, PropertyOwner::auth);
    REQUIRE(decoded.has_value());
    CHECK(as_text(decoded.value().authentication_data.value()) == "d");
}

TEST_CASE("what a server passes on leaves alias and identifiers behind", "[mqtt]") {
    const Bytes bytes = bytes_of({0x01, 1, 0x23, 0, 5, 0x0B, 7, 0x26, 0, 1, 'k', 0, 0});
    const auto decoded = decode_properties(bytes, PropertyOwner::publish);
    REQUIRE(decoded.has_value());
    Bytes out;
    append_forwardable(out, decoded.value());
    CHECK(out == bytes_of({0x01, 1, 0x26, 0, 1, 'k', 0, 0}));
}
