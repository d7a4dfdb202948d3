// Goal: what an idempotent producer sends is there once and in order, and a transaction is there
// whole or not at all, whenever storage calls fail or the power goes. Method: seeded runs of
// producers that, like real ones, send again what was not acknowledged. A failing seed is printed:
// run it alone with HOLDFAST_SEED=<n>; HOLDFAST_RUNS=<n> makes more of them.
#include "support/append_batch.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/kv/simulated_storage.hpp>
#include <holdfast/log/log.hpp>
#include <support/keyspaces.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <array>
#include <cstdlib>
#include <deque>
#include <random>

using namespace holdfast;
using namespace holdfast::test;
using record::TransactionEnd;

namespace {

constexpr PartitionIndex kPartitions = 2;

bool is_stored(WaitedGroup& group) {
    if (!group.wait()) return false;
    for (const auto& append : group.appends)
        if (append.refused) return false;
    return true;
}

// Sends numbered batches to one partition, several unanswered at a time, each until it is stored.
class Idempotent {
public:
    Idempotent(std::int64_t id, PartitionId partition) : id_(id), partition_(partition) {}

    void send(log::Log& log, int records) {
        if (unanswered_.size() == 5) wait();
        if (!unanswered_.empty() && !unanswered_.front().group) return; // it waits for resend()
        Batch batch{next_, {}, nullptr};
        for (int i = 0; i < records; ++i)
            batch.values.push_back(fmt::format("{}:{}", id_, next_ + i));
        next_ += records;
        append(log, batch);
        unanswered_.push_back(std::move(batch));
    }
    // From the first that failed on all stay for resend(), as they came.
    void wait() {
        for (Batch& batch : unanswered_)
            if (batch.group && !is_stored(*batch.group)) batch.group = nullptr;
        while (!unanswered_.empty() && unanswered_.front().group) unanswered_.pop_front();
        for (Batch& batch : unanswered_) batch.group = nullptr;
    }
    void resend(log::Log& log) {
        for (Batch& batch : unanswered_) append(log, batch);
        wait();
        REQUIRE(unanswered_.empty());
    }
    [[nodiscard]] std::vector<std::string> sent() const {
        std::vector<std::string> values;
        for (int i = 0; i < next_; ++i) values.push_back(fmt::format("{}:{}", id_, i));
        return values;
    }
    [[nodiscard]] PartitionId partition() const { return partition_; }

private:
    struct Batch {
        std::int32_t sequence = 0;
        std::vector<std::string> values;
        std::unique_ptr<WaitedGroup> group; // null once it failed
    };
    void append(log::Log& log, Batch& batch) {
        batch.group = std::make_unique<WaitedGroup>();
        batch.group->add(partition_, batch.values, {id_, 0, batch.sequence, false, false});
        log.append(*batch.group);
    }

    const std::int64_t id_;
    const PartitionId partition_;
    std::int32_t next_ = 0;
    std::deque<Batch> unanswered_;
};

// One transaction after the other over all partitions; how each ended is stored with its markers,
// as a coordinator does it.
class Transactional {
public:
    Transactional(std::int64_t id, StreamId stream) : id_(id), stream_(stream) {}

    void run(log::Log& log, std::mt19937_64& random) {
        if (is_open_) return; // until restarted()
        is_open_ = true;
        ++number_;
        pending_ = {};
        bool is_sound = true;
        for (int i = 0, count = 1 + static_cast<int>(random() % 4); i < count && is_sound; ++i) {
            const auto p = static_cast<PartitionIndex>(random() % kPartitions);
            const std::string value = fmt::format("t{}:{}", number_, i);
            WaitedGroup group;
            group.add({stream_, p}, {value}, {id_, epoch_, sequences_[p], true, false});
            log.append(group);
            is_sound = is_stored(group);
            if (!is_sound) break;
            ++sequences_[p];
            pending_[p].push_back(value);
        }
        const bool commits = is_sound && random() % 3 != 0;
        if (end(log, commits ? TransactionEnd::commit : TransactionEnd::abort)) settle(commits);
    }
    // A new epoch, and the transaction whose end is not known is ended.
    void restarted(log::Log& log) {
        ++epoch_;
        sequences_ = {};
        if (!is_open_) return;
        const auto ended = log.state(test::kFirstKeyspace, key()).value();
        if (!ended) REQUIRE(end(log, TransactionEnd::abort));
        settle(ended == "commit");
    }
    [[nodiscard]] const std::vector<std::string>& committed(PartitionIndex partition) const {
        return committed_[partition];
    }

private:
    [[nodiscard]] std::string key() const { return fmt::format("transaction {}", number_); }
    bool end(log::Log& log, TransactionEnd how) {
        WaitedGroup group;
        for (PartitionIndex p = 0; p < kPartitions; ++p)
            group.end_transaction({stream_, p}, {id_, epoch_, -1, true, true}, how);
        group.change(test::kFirstKeyspace, key(),
                     how == TransactionEnd::commit ? "commit" : "abort");
        log.append(group);
        return is_stored(group);
    }
    void settle(bool is_committed) {
        is_open_ = false;
        if (!is_committed) return;
        for (PartitionIndex p = 0; p < kPartitions; ++p)
            committed_[p].insert(committed_[p].end(), pending_[p].begin(), pending_[p].end());
    }

    const std::int64_t id_;
    const StreamId stream_;
    std::int16_t epoch_ = 0;
    std::array<std::int32_t, kPartitions> sequences_{};
    int number_ = 0;
    bool is_open_ = false;
    std::array<std::vector<std::string>, kPartitions> pending_;   // of the one under way
    std::array<std::vector<std::string>, kPartitions> committed_; // of those that ended so
};

class Simulation {
public:
    explicit Simulation(std::uint64_t seed) : random_(seed), disk_(seed * 17 + 3) {}

    void run() {
        open();
        log::StreamSettings settings;
        settings.name = "ledger";
        settings.partitions = kPartitions;
        const StreamId stream = log_->create_stream(settings).value()->id;
        for (PartitionIndex p = 0; p < kPartitions; ++p)
            producers_.emplace_back(log_->new_producer_id().value(), PartitionId{stream, p});
        Transactional transactions(log_->new_producer_id().value(), stream);
        for (int round = 0; round < 3; ++round) {
            if (random_() % 2 == 0) disk_.fail_after(1 + random_() % 80);
            const auto full_at = random_() % 4 == 0 ? random_() % 30 : 0; // 0 = never
            for (auto steps = 5 + random_() % 30; steps > 0; --steps) {
                if (steps == full_at) disk_.set_full(true);
                auto& producer = producers_[random_() % producers_.size()];
                producer.send(*log_, 1 + static_cast<int>(random_() % 4));
                if (random_() % 4 == 0) transactions.run(*log_, random_);
            }
            disk_.cut_power();
            for (Idempotent& producer : producers_) producer.wait();
            log_.reset();
            disk_.restore();
            open();
            for (Idempotent& producer : producers_) producer.resend(*log_);
            transactions.restarted(*log_);
            compare(stream, transactions);
        }
    }

private:
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

    void compare(StreamId stream, const Transactional& transactions) {
        for (PartitionIndex p = 0; p < kPartitions; ++p) {
            const auto bounds = log_->bounds({stream, p}).value();
            REQUIRE(bounds.last_stable_offset == bounds.high_watermark);
            const auto stored = read_all(*log_, {stream, p}).value();
            std::vector<std::string> of_producer, of_transactions;
            for (const StoredValue& each : stored)
                (each.value.starts_with('t') ? of_transactions : of_producer).push_back(each.value);
            REQUIRE(of_producer == producers_[p].sent());
            REQUIRE(of_transactions == transactions.committed(p));
        }
        const auto verified = log_->verify([](const log::Damage& damage) { FAIL(damage.what); });
        REQUIRE(verified);
    }

    std::mt19937_64 random_;
    TempDir directory_;
    ManualClock clock_;
    Metrics metrics_;
    kv::SimulatedStorage disk_;
    std::unique_ptr<log::Log> log_;
    std::deque<Idempotent> producers_;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

} // namespace

TEST_CASE("producers lose and repeat nothing, whatever the storage does", "[log][power]") {
    const std::uint64_t only = number_from("HOLDFAST_SEED", 0);
    const std::uint64_t runs = number_from("HOLDFAST_RUNS", 100);
    for (std::uint64_t seed = only != 0 ? only : 1; seed <= (only != 0 ? only : runs); ++seed) {
        CAPTURE(seed);
        Simulation(seed).run();
    }
}
