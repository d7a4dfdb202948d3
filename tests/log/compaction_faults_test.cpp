// Goal: compaction takes nothing that was not replaced, whenever storage calls fail or the power
// goes. Method: seeded runs of a model: every key's youngest acknowledged record must be there,
// each record read must be one that was sent, at its offset, and none comes twice. A failing seed
// is printed: run it alone with HOLDFAST_SEED=<n>; HOLDFAST_RUNS=<n> makes more of them.
#include "support/append_batch.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/kv/simulated_storage.hpp>
#include <holdfast/log/log.hpp>
#include <support/keyspaces.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <map>
#include <random>

using namespace holdfast;
using namespace holdfast::test;

namespace {

class Simulation {
public:
    explicit Simulation(std::uint64_t seed) : random_(seed), disk_(seed * 17 + 3) {}

    void run() {
        open();
        log::StreamSettings settings;
        settings.name = "twins";
        settings.partitions = 1;
        settings.dirty_ratio_min = 0;
        settings.cleanup_policy = policy();
        settings.delete_retention_ms = 10'000;
        settings.retention_ms = -1;
        partition_ = {log_->create_stream(settings).value()->id, 0};
        for (int round = 0; round < 4; ++round) {
            work_until_it_fails();
            disk_.restore();
            open();
            compare();
        }
        settings.cleanup_policy = log::CleanupPolicy::compact;
        REQUIRE(log_->alter_stream(settings));
        REQUIRE(log_->compact(clock_.now_ms(), {}));
        compare();
    }

private:
    struct Sent {
        std::string name;
        std::vector<KeyedValue> records;
        std::unique_ptr<WaitedGroup> group = std::make_unique<WaitedGroup>();
        bool is_settled = false;
        bool is_acknowledged = false;
    };

    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
    log::CleanupPolicy policy() {
        return below(3) == 0 ? log::CleanupPolicy::expire : log::CleanupPolicy::compact;
    }

    void open() {
        log::LogOptions options;
        options.keyspaces = test::all_keyspaces();
        options.directory = directory_.path() / "log";
        options.storage = disk_.storage();
        options.write_buffer_bytes = 64U << 10U;
        options.disk_reserve_bytes = 0;
        auto opened = log::Log::open(std::move(options), clock_, metrics_);
        INFO((opened ? "" : opened.error().context));
        REQUIRE(opened);
        log_ = std::move(opened).value();
    }

    void work_until_it_fails() {
        if (below(2) == 0) disk_.fail_after(1 + below(80));
        const std::size_t steps = 20 + below(60);
        for (std::size_t i = 0; i < steps; ++i) {
            send();
            clock_.advance_ms(static_cast<std::int64_t>(below(2'000)));
            if (below(6) == 0) (void)log_->compact(clock_.now_ms(), {}); // may fail: the disk does
            if (below(25) == 0) change_policy();
            if (below(25) == 0) clock_.advance_ms(31LL * 86'400'000); // another slice
            if (below(10) == 0) (void)log_->apply_retention(clock_.now_ms());
        }
        disk_.cut_power();
        for (Sent& sent : sent_)
            if (!sent.is_settled) settle(sent);
        log_.reset();
    }

    void send() {
        sent_.emplace_back();
        Sent& sent = sent_.back();
        sent.name = fmt::format("group {}", ++last_name_);
        const std::uint64_t count = 1 + below(5);
        for (std::uint64_t i = 0; i < count; ++i) {
            KeyedValue record{std::to_string(below(12)), std::nullopt};
            if (below(8) != 0)
                record.value = fmt::format("{}.{}{}", last_name_, i, std::string(below(3000), 'x'));
            sent.records.push_back(std::move(record));
        }
        sent.group->change(test::kFirstKeyspace, sent.name, "done");
        sent.group->add_keyed(partition_, sent.records, clock_.now_ms());
        log_->append(*sent.group);
        if (below(3) == 0) settle(sent);
    }
    static void settle(Sent& sent) {
        sent.is_acknowledged = sent.group->wait().has_value();
        sent.is_settled = true;
    }
    void change_policy() {
        auto settings = log_->find_stream("twins")->settings;
        settings.cleanup_policy = policy();
        (void)log_->alter_stream(settings); // may fail: the disk does
    }

    // Which groups are there, by the state that they changed; offsets follow from that.
    void take_stock() {
        for (Sent& sent : sent_) {
            const bool is_there = log_->state(test::kFirstKeyspace, sent.name).value().has_value();
            CAPTURE(sent.name, sent.is_acknowledged, is_there);
            if (sent.is_acknowledged) REQUIRE(is_there);
            if (!is_there) continue;
            const auto base = static_cast<Offset>(stored_.size());
            if (sent.is_acknowledged) REQUIRE(sent.group->appends[0].base_offset == base);
            for (const KeyedValue& record : sent.records) stored_.push_back(record);
        }
        sent_.clear();
    }

    void compare() {
        take_stock();
        REQUIRE(log_->bounds(partition_).value().high_watermark ==
                static_cast<Offset>(stored_.size()));
        const auto read = read_keyed(*log_, partition_);
        INFO((read ? "" : read.error().context));
        REQUIRE(read);
        Offset next = 0;
        std::map<std::string, Offset> youngest_read;
        for (const StoredRecord& stored : read.value()) {
            CAPTURE(stored.offset);
            REQUIRE(stored.offset >= next);
            next = stored.offset + 1;
            REQUIRE(stored.record == stored_[static_cast<std::size_t>(stored.offset)]);
            youngest_read[stored.record.key] = stored.offset;
        }
        std::map<std::string, Offset> youngest;
        for (std::size_t i = 0; i < stored_.size(); ++i)
            youngest[stored_[i].key] = static_cast<Offset>(i);
        for (const auto& [key, offset] : youngest) {
            CAPTURE(key, offset);
            if (stored_[static_cast<std::size_t>(offset)].value)
                REQUIRE(youngest_read[key] == offset);
            else if (youngest_read.contains(key)) // else the tombstone went, and all before it
                REQUIRE(youngest_read[key] == offset);
        }
        const auto verified = log_->verify([](const log::Damage& damage) {
            FAIL_CHECK(damage.first << ".." << damage.last << ": " << damage.what);
        });
        REQUIRE(verified.value().damages == 0);
    }

    TempDir directory_;
    ManualClock clock_;
    Metrics metrics_;
    std::mt19937_64 random_;
    kv::SimulatedStorage disk_;
    std::unique_ptr<log::Log> log_;
    PartitionId partition_;
    int last_name_ = 0;
    std::vector<Sent> sent_;         // since the last look
    std::vector<KeyedValue> stored_; // by offset, also those that compaction took
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

} // namespace

TEST_CASE("compaction takes only what was replaced, whatever fails", "[log][compaction]") {
    if (std::getenv("HOLDFAST_SEED") != nullptr) {
        Simulation(number_from("HOLDFAST_SEED", 0)).run();
        return;
    }
    const std::uint64_t runs = number_from("HOLDFAST_RUNS", 40);
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
        CAPTURE(seed);
        Simulation(seed).run();
    }
}
