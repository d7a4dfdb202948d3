#pragma once

#include <holdfast/alarms/registry.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/idempotency_keys.hpp>
#include <holdfast/gateway/rest/once.hpp>
#include <holdfast/log/group_offsets.hpp>
#include <holdfast/log/state_write.hpp>
#include <support/append_batch.hpp>
#include <support/temp_dir.hpp>
#include "gateway/http_client.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <optional>
#include <support/keyspaces.hpp>
#include <thread>
#include <utility>
#include <vector>

namespace holdfast::test {

// Answers from a thread of its own, as a shard does.
class FakePublisher final : public broker::Publisher {
public:
    void publish(broker::PublishBatch batch, Done done) override {
        std::vector<broker::Placed> placed;
        for (auto& message : batch.messages) {
            placed.push_back({"events", 1, static_cast<Offset>(messages.size())});
            if (!refusal) messages.push_back(std::move(message));
        }
        std::thread([this, batch = std::move(batch), done = std::move(done), placed,
                     error = refusal] {
            if (!error && batch.remember)
                (void)log::StateWrite::write(*log, {batch.remember(placed)});
            if (error)
                done(*error);
            else
                done(placed);
        }).detach();
    }
    log::Log* log = nullptr; // keeps what is to be remembered
    std::vector<broker::OutMessage> messages;
    std::optional<Error> refusal;
};

// REST over a log in a temporary directory, with a stream `events` of two partitions.
struct Api {
    Api() : log(open()) {
        log::StreamSettings settings;
        settings.name = "events";
        settings.partitions = 2;
        REQUIRE(log->create_stream(settings));
        publisher.log = log.get();
        const gateway::Once once(keys, work);
        gateway::add_publish_routes(router, publisher, once);
        gateway::add_produce_routes(router, *log, clock, once);
        gateway::add_influx_routes(router, *log, clock, memory, metrics, work);
        gateway::add_stream_routes(
            router, *log, [this](std::string_view) { return users; }, [] {}, work);
        gateway::add_group_routes(router, *log, groups, work);
        gateway::add_record_routes(router, *log, work);
        gateway::add_alarm_routes(router, alarms, work);
        gateway::add_service_routes(router, *log, metrics, work);
        gateway::add_openapi_route(router);
        running.emplace(router);
        client.emplace(running->server().port());
    }
    ~Api() {
        client.reset();
        running->stop();
        work.stop();
    }
    std::unique_ptr<log::Log> open() {
        auto opened = log::Log::open(
            {.directory = dir.path() / "log", .keyspaces = test::all_keyspaces()}, clock, metrics);
        REQUIRE(opened);
        return std::move(opened).value();
    }
    Answer post(std::string_view target, std::string_view body, std::string_view headers = "") {
        return client->send("POST", target, body, headers);
    }
    PartitionId partition(PartitionIndex index) { return {log->find_stream("events")->id, index}; }

    TempDir dir;
    SystemClock clock;
    Metrics metrics;
    MemoryAccount memory{64U << 20U};
    std::unique_ptr<log::Log> log;
    log::GroupOffsets groups{*log, clock};
    gateway::IdempotencyKeys keys{*log, clock};
    FakePublisher publisher;
    std::vector<std::string> users; // of any stream
    alarms::Registry alarms;
    gateway::WorkQueue work;
    gateway::Router router;
    std::optional<RunningServer> running;
    std::optional<Client> client;
};

} // namespace holdfast::test
