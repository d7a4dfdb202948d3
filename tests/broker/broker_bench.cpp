#include "broker/broker_bench.hpp"

#include <fmt/format.h>

namespace holdfast::broker::test {
namespace {

std::vector<RouteSettings> routes() {
    return {{"fleet/{device}/in", "telemetry", "{device}"},
            {"json/#", "telemetry", "$.vin"},
            {"nowhere/#", "missing", ""},
            {"#", "events", ""}};
}

std::string describe(const mqtt::Frame& frame, mqtt::Version version) {
    switch (static_cast<mqtt::PacketType>(frame.first_byte >> 4U)) {
        case mqtt::PacketType::publish: {
            const auto publish =
                mqtt::decode_publish(frame.first_byte & 0x0FU, frame.body, version).value();
            std::string text =
                fmt::format("PUBLISH {} {}", publish.topic, as_text(publish.payload));
            if (publish.packet_id != 0) text += fmt::format(" #{}", publish.packet_id);
            const auto properties =
                mqtt::decode_properties(publish.properties, mqtt::PropertyOwner::publish).value();
            for (const std::uint32_t id : properties.subscription_identifiers)
                text += fmt::format(" id={}", id);
            for (const auto& [name, value] : properties.user_properties)
                text += fmt::format(" {}={}", name, value);
            return text;
        }
        case mqtt::PacketType::puback:
            return fmt::format("PUBACK #{}", load_u16_be(frame.body.data()));
        case mqtt::PacketType::connack: {
            const auto connack = mqtt::decode_connack(frame.body, version).value();
            return fmt::format("CONNACK {}", version == mqtt::Version::v5
                                                 ? static_cast<int>(connack.reason)
                                                 : static_cast<int>(connack.return_code));
        }
        case mqtt::PacketType::suback: {
            std::string text = "SUBACK";
            const auto answer = mqtt::decode_suback(frame.body, version).value();
            for (const auto reason : answer.reasons)
                text += fmt::format(" {}", static_cast<int>(reason));
            return text;
        }
        case mqtt::PacketType::unsuback: return "UNSUBACK";
        case mqtt::PacketType::pingresp: return "PINGRESP";
        case mqtt::PacketType::disconnect:
            return fmt::format(
                "DISCONNECT {}",
                static_cast<int>(mqtt::decode_disconnect(frame.body, version).value().reason));
        default: return "?";
    }
}

} // namespace

std::vector<std::string> Client::received() const {
    const Bytes bytes = take_bytes();
    std::vector<std::string> out;
    for (ByteView rest = bytes; !rest.empty();) {
        const mqtt::Frame frame = mqtt::next_frame(rest, UINT32_MAX);
        REQUIRE(frame.status == mqtt::FrameStatus::whole);
        out.push_back(describe(frame, version));
        rest = rest.subspan(frame.size_bytes);
    }
    return out;
}

BrokerBench::BrokerBench(std::size_t shard_count, BrokerSettings settings) {
    log.add_stream("telemetry", 4);
    log.add_stream("events", 4);
    broker = std::make_unique<Broker>(settings, Bridge::make(routes()).value(), log, clock, memory,
                                      metrics);
    for (std::size_t i = 0; i < shard_count; ++i)
        shards.push_back(std::make_unique<ShardBench>(static_cast<std::uint16_t>(i), *broker));
}

Client BrokerBench::open(std::size_t shard, mqtt::Version version) {
    Client client{shards[shard].get(), 0, version};
    client.slot = client.bench->shard.open("127.0.0.1:5");
    client.line() = {};
    return client;
}

Client BrokerBench::connect(std::string_view client_id, mqtt::Version version, std::size_t shard,
                            mqtt::Properties properties) {
    Client client = open(shard, version);
    mqtt::Connect packet;
    packet.version = version;
    packet.client_id = client_id;
    packet.properties = std::move(properties);
    Bytes out;
    mqtt::encode_connect(out, packet);
    client.send(out);
    settle();
    REQUIRE(client.received() == std::vector<std::string>{"CONNACK 0"});
    return client;
}

void BrokerBench::settle() {
    for (bool moved = true; moved;) {
        moved = false;
        for (auto& shard : shards) moved = shard->run() || moved;
        moved = log.store() || moved;
    }
}

} // namespace holdfast::broker::test
