// Goal: what is stored of sessions and retained messages reads back as it was written, and nothing
// else reads at all (docs/format/sessions.md). Method: round trips, every prefix, every byte
// changed.
#include "broker/session_codec.hpp"

#include <holdfast/broker/retained.hpp>
#include <holdfast/broker/session_queue.hpp>

#include <catch2/catch.hpp>

#include <functional>

using namespace holdfast;
using namespace holdfast::broker;

namespace {

Will whole_will() {
    Will will;
    will.delay_s = 77;
    will.message.topic = "t/1";
    will.message.client_id = "c";
    will.message.payload = std::string("p\0q", 3);
    will.message.qos = 2;
    will.message.retain = true;
    will.message.content_type = "text/plain";
    will.message.response_topic = "r";
    will.message.correlation = std::string(1, '\0');
    will.message.expiry_s = 9;
    will.message.payload_format = 1;
    will.message.user_properties = {{"a", "b"}, {"a", ""}};
    return will;
}

std::string whole_chunk() {
    ChunkWriter writer;
    writer.add({{StreamId{1}, 0}, 5, "", 1, 10});
    writer.add({{StreamId{1}, 0}, 6, "", 1, 4'000'000'000});
    writer.add({{StreamId{900}, 1000}, Offset{1} << 60U, "", 2, 0});
    writer.add({{}, 0, "kept/topic", 1, 3});
    writer.add({{StreamId{900}, 1000}, 1, "", 1, 1});
    return writer.take();
}

void check_prefixes(const std::string& whole, const std::function<bool(std::string_view)>& reads) {
    REQUIRE(reads(whole));
    CHECK_FALSE(reads(whole + '\0'));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        INFO(size);
        CHECK_FALSE(reads(std::string_view(whole).substr(0, size)));
    }
}

} // namespace

TEST_CASE("whose a session is", "[broker][session][format]") {
    StoredSession session{7, 3600, 0, mqtt::Version::v5, 1, 2};
    CHECK_FALSE(decode_session(encode(session)).value().owner);
    session.owner = GENERATE(as<std::string>(), "", "sensor-7");
    session.owner_common_name = "cn";
    const std::string value = encode(session);
    CHECK(value.front() == '\x02');
    const auto read = decode_session(value);
    REQUIRE(read);
    CHECK(read.value().id == 7);
    CHECK(read.value().owner == session.owner);
    CHECK(read.value().owner_common_name == "cn");
    check_prefixes(value, [](std::string_view text) { return decode_session(text).has_value(); });
}

TEST_CASE("a session's own record", "[broker][session][format]") {
    const StoredSession session{0x0102030405060708, 3600, 1'700'000'000'123,
                                mqtt::Version::v5,  77,   12};
    const std::string value = encode(session);
    CHECK(value.size() == 34);
    CHECK(value.substr(0, 9) == std::string("\x01\x01\x02\x03\x04\x05\x06\x07\x08", 9));
    const auto read = decode_session(value);
    REQUIRE(read);
    CHECK(read.value().id == session.id);
    CHECK(read.value().expiry_s == 3600);
    CHECK(read.value().disconnected_ms == session.disconnected_ms);
    CHECK(read.value().version == mqtt::Version::v5);
    CHECK(read.value().chunk == 77);
    CHECK(read.value().chunk_messages == 12);
    const auto reads = [](std::string_view text) { return decode_session(text).has_value(); };
    check_prefixes(value, reads);
    std::string damaged = value;
    damaged[0] = 3;
    CHECK_FALSE(reads(damaged)); // another format
    damaged = value;
    damaged.back() = 6;
    CHECK_FALSE(reads(damaged)); // no such version
    CHECK(decode_session(damaged).error().code == Errc::corrupt);
}

TEST_CASE("a subscription", "[broker][session][format]") {
    Subscription subscription;
    subscription.qos = 2;
    subscription.no_local = GENERATE(false, true);
    subscription.retain_as_published = GENERATE(false, true);
    subscription.is_v5 = GENERATE(false, true);
    subscription.identifier = 268'435'455;
    const std::string value = encode(subscription);
    const auto read = decode_subscription(value);
    REQUIRE(read);
    CHECK(read.value().qos == 2);
    CHECK(read.value().no_local == subscription.no_local);
    CHECK(read.value().retain_as_published == subscription.retain_as_published);
    CHECK(read.value().is_v5 == subscription.is_v5);
    CHECK(read.value().identifier == subscription.identifier);
    const auto reads = [](std::string_view text) { return decode_subscription(text).has_value(); };
    check_prefixes(value, reads);
    std::string damaged = value;
    damaged[1] = 3; // QoS 3
    CHECK_FALSE(reads(damaged));
}

TEST_CASE("a message under way to a client", "[broker][session][format]") {
    const StoredOutgoing outgoing{GENERATE(false, true), 1ULL << 40U};
    const std::string value = encode(outgoing);
    const auto read = decode_outgoing(value);
    REQUIRE(read);
    CHECK(read.value().is_released == outgoing.is_released);
    CHECK(read.value().chunk == outgoing.chunk);
    check_prefixes(value, [](std::string_view text) { return decode_outgoing(text).has_value(); });
    std::string damaged = value;
    damaged[0] = 2;
    CHECK_FALSE(decode_outgoing(damaged));
}

TEST_CASE("a will", "[broker][will][format]") {
    const Will will = whole_will();
    const std::string value = encode(will);
    const auto read = decode_will(value);
    REQUIRE(read);
    CHECK(read.value().delay_s == 77);
    const OutMessage& message = read.value().message;
    CHECK(message.topic == "t/1");
    CHECK(message.client_id == "c");
    CHECK(message.payload == will.message.payload);
    CHECK(message.qos == 2);
    CHECK(message.retain);
    CHECK(message.content_type == "text/plain");
    CHECK(message.response_topic == "r");
    CHECK(message.correlation == will.message.correlation);
    CHECK(message.expiry_s == 9U);
    CHECK(message.payload_format == 1);
    CHECK(message.user_properties == will.message.user_properties);
    check_prefixes(value, [](std::string_view text) { return decode_will(text).has_value(); });

    const auto bare = decode_will(encode(Will{}));
    REQUIRE(bare);
    CHECK_FALSE(bare.value().message.expiry_s);
    CHECK_FALSE(bare.value().message.correlation);
}

TEST_CASE("a chunk of a queue", "[broker][session][format]") {
    const std::string value = whole_chunk();
    const auto read = decode_chunk(value);
    REQUIRE(read);
    const std::vector<QueuedMessage>& messages = read.value();
    REQUIRE(messages.size() == 5);
    CHECK(messages[0] == QueuedMessage{{StreamId{1}, 0}, 5, "", 1, 10});
    CHECK(messages[1] == QueuedMessage{{StreamId{1}, 0}, 6, "", 1, 4'000'000'000});
    CHECK(messages[2] == QueuedMessage{{StreamId{900}, 1000}, Offset{1} << 60U, "", 2, 0});
    CHECK(messages[3] == QueuedMessage{{}, 0, "kept/topic", 1, 3});
    CHECK(messages[4] == QueuedMessage{{StreamId{900}, 1000}, 1, "", 1, 1});
    CHECK_FALSE(decode_chunk(""));
    CHECK_FALSE(decode_chunk("\x13"));                         // a bit that has no meaning
    CHECK_FALSE(decode_chunk(std::string("\x03\x00\x00", 3))); // QoS 3
    CHECK_FALSE(decode_chunk(std::string("\x01\x00\x00", 3))); // a record of no partition
    // A prefix is whole where a message ends; nowhere else.
    std::size_t whole = 0;
    for (std::size_t size = 0; size <= value.size(); ++size)
        if (const auto part = decode_chunk(std::string_view(value).substr(0, size))) {
            ++whole;
            REQUIRE(part.value().size() == whole);
        }
    CHECK(whole == 5);
}

TEST_CASE("a retained message", "[broker][retained][format]") {
    RetainedMessage message;
    message.qos = 1;
    message.expires_ms = 1'700'000'000'123;
    message.properties = as_bytes("properties");
    message.payload = as_bytes("payload");
    const std::string value = encode_retained(message);
    const auto read = decode_retained(value);
    REQUIRE(read);
    CHECK(read.value().qos == 1);
    CHECK(read.value().expires_ms == message.expires_ms);
    CHECK(as_text(read.value().properties) == "properties");
    CHECK(as_text(read.value().payload) == "payload");
    const std::size_t payload_at = value.size() - message.payload.size();
    for (std::size_t size = 0; size < payload_at; ++size)
        CHECK_FALSE(decode_retained(value.substr(0, size)));
    std::string damaged = value;
    damaged[0] = 2;
    CHECK_FALSE(decode_retained(damaged));
    damaged = value;
    damaged[1] = 3;
    CHECK_FALSE(decode_retained(damaged));
}

TEST_CASE("keys of sessions", "[broker][session][format]") {
    CHECK(session_key("car") == "scar");
    const std::string key = chunk_key(0x0102, 0x0304);
    CHECK(key == std::string("q\0\0\0\0\0\0\x01\x02\0\0\0\0\0\0\x03\x04", 17));
    CHECK(session_id_of(key).value() == 0x0102);
    CHECK(chunk_number(key).value() == 0x0304);
    CHECK(packet_id_of(packet_key(SessionKey::outgoing, 1, 65'535)).value() == 65'535);
    CHECK_FALSE(packet_id_of(packet_key(SessionKey::outgoing, 1, 0)));
    CHECK_FALSE(packet_id_of(key));
    CHECK_FALSE(chunk_number(key.substr(0, 16)));
    CHECK_FALSE(session_id_of("q1234567"));
}
