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

std::string describe_ack(const char* name, const mqtt::Frame& frame, mqtt::Version version) {
    const auto type = static_cast<mqtt::PacketType>(frame.first_byte >> 4U);
    const auto ack = mqtt::decode_ack(type, frame.body, version).value();
    std::string text = fmt::format("{} #{}", name, ack.packet_id);
    if (ack.reason != mqtt::ReasonCode::success)
        text += fmt::format(" {}", static_cast<int>(ack.reason));
    return text;
}

std::string describe(const mqtt::Frame& frame, mqtt::Version version) {
    switch (static_cast<mqtt::PacketType>(frame.first_byte >> 4U)) {
        case mqtt::PacketType::publish: {
            const auto publish =
                mqtt::decode_publish(frame.first_byte & 0x0FU, frame.body, version).value();
            std::string text =
                fmt::format("PUBLISH {} {}", publish.topic, as_text(publish.payload));
            if (publish.qos == mqtt::Qos::exactly_once) text += " qos2";
            if (publish.retain) text += " retain";
            if (publish.duplicate) text += " dup";
            if (publish.packet_id != 0) text += fmt::format(" #{}", publish.packet_id);
            const auto properties =
                mqtt::decode_properties(publish.properties, mqtt::PropertyOwner::publish).value();
            for (const std::uint32_t id : properties.subscription_identifiers)
                text += fmt::format(" id={}", id);
            for (const auto& [name, value] : properties.user_properties)
                text += fmt::format(" {}={}", name, value);
            return text;
        }
        case mqtt::PacketType::puback: return describe_ack("PUBACK", frame, version);
        case mqtt::PacketType::pubrec: return describe_ack("PUBREC", frame, version);
        case mqtt::PacketType::pubrel: return describe_ack("PUBREL", frame, version);
        case mqtt::PacketType::pubcomp: return describe_ack("PUBCOMP", frame, version);
        case mqtt::PacketType::connack: {
            const auto connack = mqtt::decode_connack(frame.body, version).value();
            return fmt::format("CONNACK {}{}",
                               version == mqtt::Version::v5 ? static_cast<int>(connack.reason)
                                                            : static_cast<int>(connack.return_code),
                               connack.session_present ? " present" : "");
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

BrokerBench::BrokerBench(std::size_t shard_count, BrokerSettings broker_settings)
    : settings(broker_settings) {
    log.add_stream("telemetry", 4);
    log.add_stream("events", 4);
    start(shard_count);
}

// load() writes what it removes, and waits for that: nothing here stores by itself.
void BrokerBench::start(std::size_t shard_count) {
    broker = std::make_unique<Broker>(settings, Bridge::make(routes()).value(), log, clock, memory,
                                      *metrics);
    if (gate != nullptr) broker->set_gate(*gate);
    for (std::size_t i = 0; i < shard_count; ++i)
        shards.push_back(std::make_unique<ShardBench>(static_cast<std::uint16_t>(i), *broker));
    log.stores_at_once = true;
    loaded = broker->load();
    for (auto& shard : shards)
        if (loaded) loaded = shard->shard.load();
    log.stores_at_once = false;
}

void BrokerBench::crash() {
    REQUIRE(restart());
}

Result<void> BrokerBench::restart() {
    const std::size_t shard_count = shards.size();
    log.drop_waiting();
    shards.clear();
    broker.reset();
    metrics = std::make_unique<Metrics>();
    start(shard_count);
    return loaded;
}

Client BrokerBench::open(std::size_t shard, mqtt::Version version) {
    Client client{std::make_shared<Line>(), version};
    ShardBench& bench = *shards[shard];
    bench.transport.put(bench.shard.open({"127.0.0.1:5"}), client.connection);
    return client;
}

std::string BrokerBench::id_on(std::size_t shard, std::string_view start) const {
    for (int i = 0;; ++i) {
        std::string id = fmt::format("{}-{}", start, i);
        if (broker->home_of(id) == shard) return id;
    }
}

Client BrokerBench::connect(std::string_view client_id, mqtt::Version version, std::size_t shard,
                            mqtt::Properties properties) {
    mqtt::Connect packet;
    packet.version = version;
    packet.client_id = client_id;
    packet.properties = std::move(properties);
    return connect(packet, shard);
}

Client BrokerBench::connect(const mqtt::Connect& packet, std::size_t shard) {
    Client client = open(shard, packet.version);
    Bytes out;
    mqtt::encode_connect(out, packet);
    client.send(out);
    settle();
    const auto answers = client.received();
    REQUIRE_FALSE(answers.empty());
    REQUIRE(answers.front().starts_with("CONNACK 0"));
    client.connection->greeting.assign(answers.begin(), answers.end());
    return client;
}

void BrokerBench::settle() {
    for (bool moved = true; moved;) {
        moved = false;
        for (auto& shard : shards) moved = shard->run() || moved;
        moved = log.store() || moved;
    }
}

void BrokerBench::settle_lazily() {
    for (auto& shard : shards) shard->shard.tick();
    settle();
}

} // namespace holdfast::broker::test
