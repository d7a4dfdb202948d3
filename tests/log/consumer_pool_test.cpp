// Goal: a consumer sees every record once, in order, goes on after a failure at the same
// position, skips what is gone, and is left alone after its removal.
#include "log/log_fixture.hpp"

#include <holdfast/log/consumer_pool.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

using namespace holdfast;
using namespace holdfast::test;

namespace {

class Collector final : public log::Consumer {
public:
    explicit Collector(PartitionId partition, int failures = 0)
        : partition_(partition), failures_(failures) {}

    PartitionId partition() const override { return partition_; }
    Offset position() const override { return position_; }
    void step(const log::Fetched& fetched, Done done) override {
        if (failures_ > 0) {
            --failures_;
            return done(fail(Errc::io, "not now"));
        }
        const auto values = values_of(fetched.batches, position_).value();
        position_ = fetched.next_offset;
        {
            const std::lock_guard lock(mutex_);
            for (const auto& value : values) seen_.push_back(value);
        }
        changed_.notify_all();
        done(ok());
    }
    void skipped_to(Offset resume, const Error&) override {
        position_ = resume;
        ++skips;
    }

    std::vector<StoredValue> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(120), [&] { return seen_.size() >= count; });
        return seen_;
    }

    std::atomic<int> skips = 0;

private:
    const PartitionId partition_;
    int failures_;
    std::atomic<Offset> position_{0};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<StoredValue> seen_; // guarded by mutex_
};

} // namespace

TEST_CASE("consumers see every record once and in order, as it comes", "[log][consumer]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a", 2);
    const PartitionId b{a.stream, 1};
    log::ConsumerPool pool(*at.log, 2);
    const auto first = std::make_shared<Collector>(a);
    const auto second = std::make_shared<Collector>(b, 2); // fails twice first
    REQUIRE(append_values(*at.log, a, {"0"}));
    pool.add(first);
    pool.add(second);
    for (int i = 1; i < 100; ++i) REQUIRE(append_values(*at.log, a, {std::to_string(i)}));
    REQUIRE(append_values(*at.log, b, {"x", "y"}));
    const auto seen = first->wait_for(100);
    REQUIRE(seen.size() == 100);
    for (int i = 0; i < 100; ++i)
        CHECK(seen[static_cast<std::size_t>(i)].value == std::to_string(i));
    CHECK(second->wait_for(2) == std::vector<StoredValue>{{0, "x"}, {1, "y"}});

    pool.remove(*first);
    REQUIRE(append_values(*at.log, a, {"late"}));
    REQUIRE(append_values(*at.log, b, {"z"}));
    CHECK(second->wait_for(3).size() == 3);
    CHECK(first->wait_for(100).size() == 100);
    pool.stop();
}

TEST_CASE("a consumer below the log start is told and goes on behind it", "[log][consumer]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a", 1, 80LL * 60'000);
    REQUIRE(append_values(*at.log, a, {"old"}));
    at.clock.advance_ms(86'400'000);
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    REQUIRE(append_values(*at.log, a, {"new"}));
    log::ConsumerPool pool(*at.log, 1);
    const auto consumer = std::make_shared<Collector>(a);
    pool.add(consumer);
    CHECK(consumer->wait_for(1) == std::vector<StoredValue>{{1, "new"}});
    CHECK(consumer->skips == 1);
}
