// Goal: history equals the log, however often the server is killed while it follows. Method: rounds
// of start, messages over HTTP, SIGKILL at a random moment; then log and history are opened in this
// process, history reads on from its checkpoint to the end, and both are compared row by row.
// HOLDFAST_HISTORY_CRASH_ROUNDS chooses how long, HOLDFAST_HISTORY_SEED what.
#include "app/site.hpp"
#include "app/socket.hpp"
#include "support/keyspaces.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/history/follower.hpp>
#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>

using namespace holdfast;
using namespace holdfast::test;

namespace {

using Rows = std::map<std::string, std::vector<std::int64_t>>; // numbers by device

const char* const kConfig = R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: error
streams:
  telemetry: {partitions: 2, durability: os}
bridge:
  - {topic: "fleet/{device}/telemetry", stream: telemetry, device: "{device}"}
history: {enabled: true, memory: 1MiB}
)";

std::string messages(std::int64_t& number) {
    std::string body;
    for (int i = 0; i < 250; ++i, ++number)
        body += fmt::format(R"({{"topic":"fleet/d{}/telemetry","payload":{{"n":{},"half":{}.5}}}})"
                            "\n",
                            number % 3, number, number);
    return body;
}

void wait_for_chunks(Socket& socket) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (metric(socket, "holdfast_history_chunks_sealed_total") < 3)
        REQUIRE(std::chrono::steady_clock::now() < deadline);
}

Result<std::unique_ptr<log::Log>> open_log(const Site& site, const Clock& clock, Metrics& metrics) {
    log::LogOptions options;
    options.directory = site.data_dir() / "log";
    options.keyspaces = all_keyspaces();
    return log::Log::open(std::move(options), clock, metrics);
}

// `"n":` of every record of the stream.
Rows rows_of_log(const log::Log& log) {
    Rows rows;
    const auto stream = log.find_stream("telemetry");
    for (PartitionIndex index = 0; index < stream->settings.partitions; ++index) {
        const PartitionId partition{stream->id, index};
        for (Offset at = 0;;) {
            const auto fetched = log.fetch(partition, at, 1U << 20U).value();
            if (fetched.next_offset == at) break;
            at = fetched.next_offset;
            for (ByteView rest = fetched.batches; !rest.empty();) {
                auto batch = record::BatchView::open(rest).value();
                rest = rest.subspan(batch.header().size_bytes());
                for (record::RecordView record; batch.next(record).value();) {
                    const std::string value(as_text(record.value));
                    rows[std::string(as_text(*record.key))].push_back(
                        std::stoll(value.substr(value.find("\"n\":") + 4)));
                }
            }
        }
    }
    for (auto& [device, numbers] : rows) std::sort(numbers.begin(), numbers.end());
    return rows;
}

Rows rows_of_history(const history::Store& store, StreamId stream) {
    Rows rows;
    const std::vector<std::string> fields = {"n", "half"};
    for (const std::string& device : store.devices(stream)) {
        auto& numbers = rows[device];
        const auto take = [&numbers](const history::ScanBatch& batch) {
            for (std::size_t row = 0; row < batch.rows(); ++row) {
                const std::int64_t number = batch.columns[0].at(row).as_int();
                const double half = batch.columns[1].at(row).as_float();
                // A value in the wrong place shows as a number that was never sent.
                numbers.push_back(half == static_cast<double>(number) + 0.5 ? number : -1);
            }
            return true;
        };
        REQUIRE(store.scan(stream, device, fields, INT64_MIN, INT64_MAX, take));
        std::sort(numbers.begin(), numbers.end());
    }
    return rows;
}

} // namespace

TEST_CASE("history equals the log after the server was killed again and again",
          "[app][crash][history]") {
    set_log_level(LogLevel::error);
    const char* given = std::getenv("HOLDFAST_HISTORY_CRASH_ROUNDS");
    const long rounds = given ? std::atol(given) : 5;
    const char* given_seed = std::getenv("HOLDFAST_HISTORY_SEED");
    const auto seed = given_seed ? std::strtoull(given_seed, nullptr, 10) : std::random_device{}();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    Site site(kConfig);
    std::int64_t number = 0;
    for (long round = 0; round < rounds; ++round) {
        CAPTURE(round);
        auto server = site.start();
        Socket socket(server->port("http"));
        for (auto posts = (round == 0 ? 30 : 10) + random() % 10; posts > 0; --posts)
            REQUIRE(http_post(socket, "/api/v1/publish", "application/x-ndjson", messages(number))
                        .status == 200);
        // Once, at least, each device has a chunk: a partition is sealed as far as all of its are.
        if (round == 0) wait_for_chunks(socket);
        REQUIRE(server->is_running());
        server->signal(SIGKILL);
        CHECK(server->wait() == -SIGKILL);
    }

    SystemClock clock;
    Metrics metrics;
    MemoryAccount memory(1U << 30U);
    const auto log = open_log(site, clock, metrics).value();
    history::StoreOptions options;
    options.directory = site.data_dir() / "history";
    const auto store = history::Store::open(options, memory, metrics).value();
    log::ConsumerPool pool(*log, 1);
    history::Follower follower({*log, pool, *store, metrics},
                               [](std::string_view name) { return name == "telemetry"; });
    const StreamId stream = log->find_stream("telemetry")->id;
    CHECK(store->sealed_below({stream, 0}) + store->sealed_below({stream, 1}) > 0);
    follower.refresh();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (follower.lag() > 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    REQUIRE(follower.lag() == 0);

    const Rows expected = rows_of_log(*log);
    REQUIRE(expected.size() == 3);
    CHECK(rows_of_history(*store, stream) == expected);
}
