// Question: what does decode_publish cost for a 64 B payload, QoS 1, in MQTT 3.1.1 and 5?
#include <holdfast/mqtt/publish.hpp>

#include <benchmark/benchmark.h>

#include <string>

using namespace holdfast;
using namespace holdfast::mqtt;

namespace {

void decode(benchmark::State& state, Version version, bool checks_topic) {
    const std::string payload(64, 'x');
    Publish publish;
    publish.topic = "fleet/truck-000123/telemetry";
    publish.payload = as_bytes(payload);
    publish.qos = Qos::at_least_once;
    publish.packet_id = 7;
    Bytes packet;
    encode_publish(packet, publish, version);
    for (auto _ : state) {
        const Frame frame = next_frame(packet, 1U << 20U);
        const auto flags = static_cast<std::uint8_t>(frame.first_byte & 0x0FU);
        auto view = decode_publish(flags, frame.body, version);
        if (checks_topic) benchmark::DoNotOptimize(check_topic(view.value().topic).has_value());
        benchmark::DoNotOptimize(view.value());
    }
}

} // namespace

BENCHMARK_CAPTURE(decode, v311, Version::v311, false);
BENCHMARK_CAPTURE(decode, v5_no_properties, Version::v5, false);
BENCHMARK_CAPTURE(decode, v311_topic_checked, Version::v311, true);
BENCHMARK_MAIN();
