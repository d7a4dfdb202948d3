// Goal: a shard's thread moves bytes between connections and its shard faithfully, whatever carries
// them: what one says is never mixed with another's, nor with what a socket still has to take.
// Method: whole ShardThreads over a log in a temporary directory, clients at the other ends of
// socket pairs: plain, TLS, WebSocket, WebSocket over TLS.

#include "gateway/shard_gateway.hpp"

#include <catch2/catch.hpp>

namespace holdfast::test {
namespace {

using mqtt::PacketType;

const TlsSite& site() {
    static const TlsSite made;
    return made;
}

ChannelForm any_form() {
    const auto index = GENERATE(range(std::size_t{0}, kChannelForms.size()));
    return kChannelForms.at(index);
}

} // namespace

TEST_CASE("a take-over hears the new connection alone, whatever the old one still sends",
          "[gateway][shard]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    ShardGateway gateway;
    ShardPeer old(gateway.thread(), form, site());
    old.client.say(connect_packet("car", false));
    old.read_until(PacketType::connack);
    ShardPeer fresh(gateway.thread(), form, site());
    Bytes greeting = connect_packet("car", false);
    add_publish(greeting, "mine", 7);
    gateway.at_once([&] {
        fresh.client.say(
            greeting); // first, so that its bytes are handled before the old one's are read
        old.client.say(Bytes(64 * 1024, std::byte{0xFF}));
    });
    CHECK(fresh.read_until(PacketType::puback) ==
          std::vector{PacketType::connack, PacketType::puback});
    CHECK(fresh.last_body() == Bytes{std::byte{0}, std::byte{7}});
}

TEST_CASE("what a socket does not take at once follows in order, whole", "[gateway][shard]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    ShardGateway gateway;
    ShardPeer reader(gateway.thread(), form, site(), 4096);
    reader.client.say(connect_packet("reader"));
    reader.read_until(PacketType::connack);
    reader.client.say(subscribe_packet(mqtt::Qos::at_least_once));
    reader.read_until(PacketType::suback);
    ShardPeer writer(gateway.thread(), form, site());
    writer.client.say(connect_packet("writer"));
    writer.read_until(PacketType::connack);
    constexpr std::uint16_t kMessages = 400;
    for (std::uint16_t i = 1; i <= kMessages; ++i) {
        Bytes packet;
        add_publish(packet, std::to_string(i) + std::string(1000, 'x'), i);
        writer.client.say(packet);
        writer.read_until(PacketType::puback); // so the reader's socket is full long before the end
    }
    for (std::uint16_t i = 1; i <= kMessages; ++i) {
        REQUIRE(reader.read_until(PacketType::publish).size() == 1);
        REQUIRE(payload_of(reader.last_body()) == std::to_string(i) + std::string(1000, 'x'));
    }
}

TEST_CASE("a client that is closed reads what it was told before", "[gateway][shard]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    ShardGateway gateway;
    ShardPeer client(gateway.thread(), form, site());
    Bytes both = connect_packet("client");
    add_publish(both, "kept", 1);
    client.client.say(both);
    CHECK(client.read_until(PacketType::puback).size() == 2);
    client.client.say(connect_packet("client"));              // a second CONNECT: a mistake
    CHECK(client.read_until(PacketType::disconnect).empty()); // MQTT 3 knows no word for it
}

TEST_CASE("packets come whole, however they are cut", "[gateway][shard]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    ShardGateway gateway;
    ShardPeer client(gateway.thread(), form, site());
    Bytes input = connect_packet("client");
    for (std::uint16_t id = 1; id <= 3; ++id) add_publish(input, "message", id);
    for (const std::byte one : input) client.client.say(ByteView(&one, 1));
    CHECK(client.read_until(PacketType::puback) ==
          std::vector{PacketType::connack, PacketType::puback});
    client.read_until(PacketType::puback);
    client.read_until(PacketType::puback);
    CHECK(client.last_body() == Bytes{std::byte{0}, std::byte{3}});
}

TEST_CASE("a connection moves to its client's shard, half a packet and all", "[gateway][shard]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    ShardGateway gateway(2);
    std::string id = "client";
    while (gateway.broker.home_of(id) != 1) id += 'x';
    ShardPeer client(gateway.thread(), form, site());
    Bytes input = connect_packet(id);
    add_publish(input, "first", 1);
    add_publish(input, "second", 2);
    const auto half = ByteView(input).first(input.size() - 3);
    client.client.say(half);
    client.read_until(PacketType::puback);
    CHECK(client.last_body() == Bytes{std::byte{0}, std::byte{1}});
    client.client.say(ByteView(input).subspan(half.size()));
    client.read_until(PacketType::puback);
    CHECK(client.last_body() == Bytes{std::byte{0}, std::byte{2}});
    CHECK(gateway.threads[0]->connection_count() == 0);
    CHECK(gateway.threads[1]->connection_count() == 1);
}

TEST_CASE("a WebSocket that ends behind its CONNECT ends on the shard it moved to",
          "[gateway][shard]") {
    const ChannelForm form = kChannelForms.at(GENERATE(as<std::size_t>(), 2, 3));
    CAPTURE(form.name);
    ShardGateway gateway(2);
    std::string id = "client";
    while (gateway.broker.home_of(id) != 1) id += 'x';
    ShardPeer client(gateway.thread(), form, site());
    Bytes input = client_frame(0x82, connect_packet(id));
    const Bytes close = client_frame(0x88, {});
    input.insert(input.end(), close.begin(), close.end());
    client.client.say_raw(input);
    client.read_until(PacketType::disconnect);
    CHECK(client.client.close_code() == 1000);
    CHECK(comes_true([&] { return gateway.threads[1]->connection_count() == 0; }));
}

TEST_CASE("what a connection takes of memory is given back", "[gateway][shard]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    ShardGateway gateway;
    const std::size_t before = gateway.memory.used_bytes();
    {
        ShardPeer client(gateway.thread(), form, site());
        client.client.say(connect_packet("client"));
        client.read_until(PacketType::connack);
        if (form.is_tls) CHECK(gateway.memory.used_bytes() >= before + 16 * 1024);
    }
    CHECK(comes_true([&] { return gateway.thread().connection_count() == 0; }));
    CHECK(comes_true([&] { return gateway.memory.used_bytes() <= before; }));
}

} // namespace holdfast::test
