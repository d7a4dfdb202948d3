#pragma once

// What rules and models stand on in a server: a log, a pool, a publisher and the alarms, which can
// be ended without a word and started again.

#include "log/log_fixture.hpp"
#include "support/log_publisher.hpp"

#include <holdfast/alarms/registry.hpp>
#include <holdfast/log/consumer_pool.hpp>
#include <holdfast/record/batch_builder.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::test {

inline bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

// Engine: what is started on it, made by `make(site)`.
template <class Engine>
class LogSite {
public:
    using Make = std::function<std::unique_ptr<Engine>(LogSite&)>;

    LogSite(const std::vector<std::string>& streams, Make make) : make_(std::move(make)) {
        for (const std::string& name : streams) at.make_stream(name);
        start();
    }
    ~LogSite() { end(); }

    LogFixture at;
    std::unique_ptr<log::ConsumerPool> pool;
    std::unique_ptr<LogPublisher> publisher;
    std::unique_ptr<alarms::Registry> alarms;
    std::unique_ptr<Engine> engine;

    void start() {
        pool = std::make_unique<log::ConsumerPool>(*at.log, 2);
        publisher = std::make_unique<LogPublisher>(*at.log, "cars");
        alarms = std::make_unique<alarms::Registry>();
        check(alarms->load(*at.log));
        engine = make_(*this);
        check(engine->start());
    }
    void end() {
        engine.reset();
        pool.reset();
    }
    void restart() {
        end();
        at.reopen();
        start();
    }

    // As a shard would have stored it.
    void append(const broker::OutMessage& message, std::int64_t arrival_ms,
                PartitionIndex partition = 0) {
        record::BatchBuilder builder;
        LogPublisher::encode(builder, message, arrival_ms);
        WaitedGroup group;
        group.appends.push_back(
            {{at.log->find_stream("cars")->id, partition}, builder.finish(), 1});
        at.log->append(group);
        check(group.wait());
    }
    // State as it lies on the disk.
    void write_state(std::vector<log::StateChange> changes) {
        WaitedGroup group;
        group.state_changes = std::move(changes);
        at.log->append(group);
        check(group.wait());
    }
    [[nodiscard]] std::vector<std::string> state_keys(log::Keyspace keyspace,
                                                      std::string_view prefix) const {
        std::vector<std::string> keys;
        check(at.log->scan_state(keyspace, prefix, [&](std::string_view key, std::string_view) {
            keys.emplace_back(key);
            return true;
        }));
        return keys;
    }
    // Values of all partitions of a stream.
    [[nodiscard]] std::vector<std::string> stored(const std::string& stream) const {
        std::vector<std::string> values;
        const auto found = at.log->find_stream(stream);
        for (PartitionIndex index = 0; index < found->settings.partitions; ++index) {
            auto all = read_all(*at.log, {found->id, index}).value();
            for (auto& each : all) values.push_back(std::move(each.value));
        }
        return values;
    }

private:
    static void check(const Result<void>& outcome) {
        if (!outcome) throw std::runtime_error(outcome.error().context);
    }
    Make make_;
};

} // namespace holdfast::test
