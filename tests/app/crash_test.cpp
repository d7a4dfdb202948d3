// Goal: what was acknowledged survives the server's death at any moment, in order, and what a rule
// made of it is exactly right. Method: rounds of start, load over MQTT and HTTP, SIGKILL at a
// random moment, then an audit of the whole log in this process. A killed process proves that
// nothing acknowledged waited in its memory; the loss of what the disk had not synced is simulated
// in tests/log. HOLDFAST_CRASH_ROUNDS and HOLDFAST_CRASH_SEED choose how long and which moments.
#include "app/fleet.hpp"
#include "app/log_audit.hpp"
#include "app/site.hpp"

#include <holdfast/base/log_line.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr std::int64_t kWindowMs = 200;

const char* const kConfig = R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: warn
streams:
  telemetry: {partitions: 4, compression: lz4}
  loose: {partitions: 2, durability: os}
  counts: {partitions: 2}
bridge:
  - {topic: "fleet/{device}/telemetry", stream: telemetry, device: "{device}"}
  - {topic: "loose/{device}/telemetry", stream: loose, device: "{device}"}
rules: [counts.sql]
)";

const char* const kRule = R"(
CREATE RULE counts AS
  SELECT device, epoch_ms(window_start) AS start_ms, count(*) AS n
  FROM 'fleet/+/telemetry'
  GROUP BY device, TUMBLE(200ms)
  THEN APPEND counts;
)";

long from_environment(const char* name, long otherwise) {
    const char* text = std::getenv(name);
    return text ? std::atol(text) : otherwise;
}

// Lets that much time pass on this thread, which is what the moment of a kill is made of.
void pass(std::chrono::microseconds time) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, time, [] { return false; });
}

void check_audit(const Audit& audit) {
    std::string faults;
    for (const std::string& fault : audit.faults) faults += fault + "\n";
    INFO(faults);
    REQUIRE(audit.faults.empty());
}

// Messages from the future, one for each device, so that every window before them closes.
void close_windows(const Fleet& fleet, const ServerProcess& server) {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    Socket socket(server.port("http"));
    for (const Publisher& publisher : fleet.publishers())
        for (const Device& device : publisher.devices)
            REQUIRE(http_post(socket, "/api/v1/publish/" + device.topic, "application/json",
                              fmt::format(R"({{"ts":{}}})", now.count() + 600'000))
                        .status == 200);
}

// Waits until the rule has stored as many outputs as there are windows to count.
void wait_for_outputs(const ServerProcess& server, std::size_t windows) {
    Socket socket(server.port("http"));
    std::array<std::size_t, 2> stored{}; // in each partition of `counts`
    for (int patience = 60; stored[0] + stored[1] < windows; --patience) {
        REQUIRE(patience > 0);
        for (std::size_t partition = 0; partition < stored.size(); ++partition) {
            const auto answer =
                http_get(socket, fmt::format("/api/v1/streams/counts/records?partition={}&offset={}"
                                             "&limit=10000&wait_ms=500",
                                             partition, stored[partition]));
            REQUIRE(answer.status == 200);
            stored[partition] += static_cast<std::size_t>(std::ranges::count(answer.body, '\n'));
        }
    }
}

} // namespace

TEST_CASE("nothing acknowledged is lost when the server is killed", "[app][crash]") {
    set_log_level(LogLevel::error);
    const long rounds = from_environment("HOLDFAST_CRASH_ROUNDS", 5);
    const long seed = from_environment("HOLDFAST_CRASH_SEED",
                                       static_cast<long>(std::random_device{}() % 100'000));
    std::printf("crash rounds %ld seed %ld\n", rounds, seed);
    CAPTURE(seed);
    std::mt19937_64 random(static_cast<std::uint64_t>(seed));
    const auto below = [&](int bound) {
        return std::uniform_int_distribution<int>(0, bound - 1)(random);
    };

    Site site(kConfig);
    write_file(site.directory() / "counts.sql", kRule);
    Fleet fleet(6, 4);
    Audit audit;
    for (long round = 0; round < rounds; ++round) {
        CAPTURE(round);
        if (below(4) == 0) { // a death during the start, too
            auto server = site.spawn();
            pass(std::chrono::microseconds(below(60'000)));
            server->signal(SIGKILL);
            server->wait();
        }
        auto server = site.start();
        fleet.run(ports_of(*server));
        REQUIRE(fleet.wait_for_acknowledged(below(6'000)));
        pass(std::chrono::microseconds(below(20'000)));
        REQUIRE(server->is_running());
        server->signal(SIGKILL);
        CHECK(server->wait() == -SIGKILL);
        fleet.join();
        CHECK(fleet.faults() == std::vector<std::string>{});
        audit = audit_log(site.data_dir(), fleet, kWindowMs);
        check_audit(audit);
    }

    auto server = site.start();
    fleet.run(ports_of(*server));
    REQUIRE(fleet.wait_for_acknowledged(1'000));
    fleet.finish();
    close_windows(fleet, *server);
    server->signal(SIGTERM);
    CHECK(server->wait() == 0);
    audit = audit_log(site.data_dir(), fleet, kWindowMs);
    check_audit(audit);

    server = site.start(); // the rule goes on where it was stopped
    wait_for_outputs(*server, audit.expected.size());
    server->signal(SIGTERM);
    CHECK(server->wait() == 0);
    audit = audit_log(site.data_dir(), fleet, kWindowMs);
    check_audit(audit);
    CHECK(audit.emitted == audit.expected);
    std::printf(
        "crash rounds %ld: acknowledged %ld, in the log %ld, of them %ld twice, lost 0, "
        "windows %zu\n",
        rounds, static_cast<long>(fleet.acknowledged()), static_cast<long>(audit.records),
        static_cast<long>(audit.duplicates), audit.emitted.size());
}
