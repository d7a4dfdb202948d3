// Goal: a client that sends more than it may is read no faster than that, loses nothing by it, and
// nobody else waits; one that goes while it waits is gone. Method: whole ShardThreads over a log in
// a temporary directory, clients at the other ends of socket pairs.
#include "gateway/shard_gateway.hpp"

#include <catch2/catch.hpp>

namespace holdfast::test {
namespace {

using mqtt::PacketType;

constexpr std::uint64_t kRate = 200;
constexpr std::uint16_t kMessages = 400;
constexpr std::size_t kPayloadBytes = 200; // so that not all come with one TLS record

const TlsSite& site() {
    static const TlsSite made;
    return made;
}

ChannelForm any_form() {
    const auto index = GENERATE(range(std::size_t{0}, kChannelForms.size()));
    return kChannelForms.at(index);
}

void connect(ShardPeer& peer, const char* client_id) {
    peer.client.say(connect_packet(client_id));
    peer.read_until(PacketType::connack);
}

Bytes many_messages() {
    Bytes all;
    for (std::uint16_t id = 1; id <= kMessages; ++id)
        add_publish(all, std::string(kPayloadBytes, 'x'), id);
    return all;
}

} // namespace

TEST_CASE("a client is slowed to its rate, and no other is", "[gateway][limits]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    ShardGateway gateway(1, {}, nullptr, {.messages_per_s = kRate});
    ShardPeer fast(gateway.thread(), form, site());
    connect(fast, "fast");
    ShardPeer other(gateway.thread(), form, site());
    connect(other, "other");
    const auto begin = std::chrono::steady_clock::now();
    const Bytes all = many_messages();
    for (ByteView left = all; !left.empty();) {
        const ByteView some = left.first(std::min<std::size_t>(left.size(), 8'000));
        fast.client.say(some);
        left = left.subspan(some.size());
    }
    REQUIRE(comes_true([&] { return gateway.count_of("holdfast_mqtt_slowed") > 0; }));
    Bytes one;
    add_publish(one, "now", 7);
    other.client.say(one);
    other.read_until(PacketType::puback);
    CHECK(gateway.count_of("holdfast_mqtt_messages_received") < kMessages);
    std::size_t acknowledged = 0;
    while (acknowledged < kMessages) acknowledged += fast.read_until(PacketType::puback).size();
    CHECK(acknowledged == kMessages);
    // One second's worth was ahead, and the last read may bring a record of them at once.
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    constexpr double kAhead = kRate + 16.0 * 1024 / kPayloadBytes;
    CHECK(took.count() >= (kMessages - kAhead) / kRate);
}

TEST_CASE("a client that goes while it is not read is gone", "[gateway][limits]") {
    const ChannelForm form = any_form();
    CAPTURE(form.name);
    ShardGateway gateway(1, {}, nullptr, {.bytes_per_s = 20'000});
    std::optional<ShardPeer> peer;
    peer.emplace(gateway.thread(), form, site());
    connect(*peer, "c");
    peer->client.say(many_messages());
    REQUIRE(comes_true([&] { return gateway.count_of("holdfast_mqtt_slowed") > 0; }));
    peer.reset();
    CHECK(comes_true([&] { return gateway.broker.client_count() == 0; }));
    CHECK(comes_true([&] { return gateway.thread().connection_count() == 0; }));
}

} // namespace holdfast::test
