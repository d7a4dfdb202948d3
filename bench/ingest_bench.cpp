// Question: what does the broker's own part of a PUBLISH cost, from the bytes read to the bytes to
// send, with neither socket nor disk: 100 clients, 20 messages of 64 B each per group?
#include <holdfast/broker/broker.hpp>
#include <holdfast/broker/shard.hpp>
#include <holdfast/mqtt/connect.hpp>
#include <holdfast/mqtt/publish.hpp>
#include <holdfast/mqtt/subscribe.hpp>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <sys/uio.h>
#include <utility>

using namespace holdfast;
using namespace holdfast::broker;

namespace {

constexpr int kClients = 100;
constexpr int kInFlight = 20;

// Takes every group at once and keeps nothing.
class DiscardingLog final : public log::Log {
public:
    DiscardingLog() {
        stream_->id = StreamId{1};
        stream_->settings.name = "events";
        stream_->settings.partitions = 4;
    }
    void append(log::AppendGroup& group) override { group.completed(ok()); }
    std::shared_ptr<const log::Stream> find_stream(std::string_view) const override {
        return stream_;
    }
    std::shared_ptr<const log::Stream> find_stream(StreamId) const override { return stream_; }
    std::vector<std::shared_ptr<const log::Stream>> streams() const override { return {stream_}; }

    Result<std::shared_ptr<const log::Stream>> create_stream(log::StreamSettings) override {
        return refuse();
    }
    Result<std::shared_ptr<const log::Stream>> alter_stream(const log::StreamSettings&) override {
        return refuse();
    }
    Result<void> delete_stream(std::string_view) override { return refuse(); }
    Result<log::Fetched> fetch(PartitionId, Offset, std::size_t, log::Isolation) const override {
        return refuse();
    }
    Result<std::vector<log::AbortedRange>> aborted(PartitionId, Offset, Offset) const override {
        return refuse();
    }
    Result<std::int64_t> new_producer_id() override { return refuse(); }
    Result<log::PartitionBounds> bounds(PartitionId) const override { return refuse(); }
    Result<std::uint64_t> stored_bytes(PartitionId) const override { return refuse(); }
    Result<Offset> offset_at(PartitionId, std::int64_t) const override { return refuse(); }
    Result<Offset> readable_after(PartitionId, Offset) const override { return refuse(); }
    WaitId wait(PartitionId, Offset, std::function<void()>, log::Isolation) override { return 0; }
    void cancel_wait(WaitId) override {}
    Result<std::optional<std::string>> state(log::Keyspace, std::string_view) const override {
        return refuse();
    }
    Result<void> scan_state(log::Keyspace, std::string_view, std::string_view,
                            const EachState&) const override {
        return refuse();
    }
    std::uint64_t streams_version() const noexcept override { return 1; }
    Result<log::Verified> verify(const std::function<void(const log::Damage&)>&) const override {
        return refuse();
    }
    Result<log::Held> apply_retention(std::int64_t, const log::Wanted&) override {
        return log::Held();
    }
    Result<log::Compacted> compact(std::int64_t, std::stop_token) override { return refuse(); }
    Result<log::Erased> erase(const log::Erasure&, std::stop_token) override { return refuse(); }
    Result<void> checkpoint(const std::filesystem::path&) override { return refuse(); }
    std::uint64_t disk_bytes() const override { return 0; }
    std::optional<Error> refusing() const override { return std::nullopt; }

private:
    static Error refuse() { return fail(Errc::not_supported, "not in this benchmark"); }
    std::shared_ptr<log::Stream> stream_ = std::make_shared<log::Stream>();
};

// Counts what is sent.
struct CountingTransport final : Transport {
    std::size_t bytes = 0;
    std::size_t send(std::uint32_t, std::span<const iovec> pieces) override {
        for (const iovec& piece : pieces) bytes += piece.iov_len;
        return 0;
    }
    void close(std::uint32_t) override {}
    // One shard and no persistent session: connections stay where they are.
    void move(std::uint32_t, std::uint32_t) override { std::abort(); }
    std::unique_ptr<MovingConnection> release(std::uint32_t) override { std::abort(); }
    void take_in(std::uint32_t, std::unique_ptr<MovingConnection>) override { std::abort(); }
};

Bridge one_route() {
    const std::vector<RouteSettings> routes{{"#", "events", ""}};
    return Bridge::make(routes).value();
}

struct Site final : ShardPort {
    ManualClock clock;
    Metrics metrics;
    MemoryAccount memory{64U << 20U};
    DiscardingLog log;
    Broker broker{{}, one_route(), log, clock, memory, metrics};
    CountingTransport transport;
    Shard shard{0, broker, transport};
    std::vector<std::function<void(Shard&)>> tasks;

    Site() { broker.add_port(*this); }
    void post(std::function<void(Shard&)> task) override { tasks.push_back(std::move(task)); }
    void run() {
        shard.end_turn();
        while (!tasks.empty()) {
            for (const auto& task : std::exchange(tasks, {})) task(shard);
            shard.end_hold();
            shard.end_turn();
        }
    }
    std::uint32_t connect(std::string_view client_id, mqtt::Version version) {
        const std::uint32_t slot = shard.open({"127.0.0.1:5"});
        mqtt::Connect packet;
        packet.version = version;
        packet.client_id = client_id;
        Bytes out;
        mqtt::encode_connect(out, packet);
        shard.on_bytes(slot, out);
        run();
        return slot;
    }
};

void ingest(benchmark::State& state, mqtt::Version version, mqtt::Qos qos, bool with_subscriber) {
    Site site;
    if (with_subscriber) {
        const std::uint32_t slot = site.connect("subscriber", version);
        mqtt::Subscribe packet;
        packet.packet_id = 1;
        packet.requests.push_back({"fleet/#", mqtt::Qos::at_most_once, false, false, 0});
        Bytes out;
        mqtt::encode_subscribe(out, packet, version);
        site.shard.on_bytes(slot, out);
        site.run();
    }
    std::vector<std::pair<std::uint32_t, Bytes>> reads;
    const std::string payload(64, 'x');
    for (int i = 0; i < kClients; ++i) {
        const std::string id = fmt::format("truck-{:06}", i);
        const std::string topic = fmt::format("fleet/{}/telemetry", id);
        mqtt::Publish publish;
        publish.topic = topic;
        publish.payload = as_bytes(payload);
        publish.qos = qos;
        auto& [slot, bytes] = reads.emplace_back();
        slot = site.connect(id, version);
        for (std::uint16_t n = 1; n <= kInFlight; ++n) {
            if (qos != mqtt::Qos::at_most_once) publish.packet_id = n;
            mqtt::encode_publish(bytes, publish, version);
        }
    }
    for (auto _ : state) {
        for (const auto& [slot, bytes] : reads) site.shard.on_bytes(slot, bytes);
        site.run();
    }
    state.SetItemsProcessed(state.iterations() * kClients * kInFlight);
    benchmark::DoNotOptimize(site.transport.bytes);
}

} // namespace

BENCHMARK_CAPTURE(ingest, v311_qos1_subscriber, mqtt::Version::v311, mqtt::Qos::at_least_once,
                  true);
BENCHMARK_CAPTURE(ingest, v311_qos1, mqtt::Version::v311, mqtt::Qos::at_least_once, false);
BENCHMARK_CAPTURE(ingest, v311_qos0, mqtt::Version::v311, mqtt::Qos::at_most_once, false);
BENCHMARK_CAPTURE(ingest, v5_qos1_subscriber, mqtt::Version::v5, mqtt::Qos::at_least_once, true);
BENCHMARK_MAIN();
