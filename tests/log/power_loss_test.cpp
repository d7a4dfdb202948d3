// Goal: nothing acknowledged is lost, whenever the power goes. Method: seeded runs on a disk that
// forgets what was not synced and tears the last write; after each cut the log is reopened and
// compared with what was acknowledged. A failing seed is printed: run it alone with
// HOLDFAST_SEED=<n>.
#include "support/append_batch.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/kv/simulated_storage.hpp>
#include <holdfast/log/log.hpp>
#include <support/keyspaces.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr std::size_t kPartitions = 3;

// One group as the test knows it: which values it appended where.
struct Sent {
    int number = 0;
    std::unique_ptr<WaitedGroup> group = std::make_unique<WaitedGroup>();
    std::vector<std::pair<PartitionIndex, std::vector<std::string>>> batches;
    bool acknowledged = false;
};

class Simulation {
public:
    explicit Simulation(std::uint64_t seed) : random_(seed), disk_(seed * 31 + 7) {}

    void run() {
        open();
        stream_ = make_stream();
        for (int round = 0; round < 3; ++round) {
            send_until_power_is_cut();
            disk_.restore();
            open();
            compare();
        }
    }

private:
    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

    void open() {
        log::LogOptions options;
        options.keyspaces = test::all_keyspaces();
        options.directory = directory_.path() / "log";
        options.storage = disk_.storage();
        options.write_buffer_bytes = 64U << 10U; // many flushes
        options.disk_reserve_bytes = 0;
        auto opened = log::Log::open(std::move(options), clock_, metrics_);
        INFO((opened ? "" : opened.error().context));
        REQUIRE(opened);
        log_ = std::move(opened).value();
    }

    StreamId make_stream() {
        log::StreamSettings settings;
        settings.name = "telemetry";
        settings.partitions = kPartitions;
        return log_->create_stream(settings).value()->id;
    }

    Sent make_group() {
        Sent sent;
        sent.number = ++last_number_;
        const auto batches = 1 + below(3);
        for (std::uint64_t b = 0; b < batches; ++b) {
            std::vector<std::string> values;
            const auto count = 1 + below(8);
            for (std::uint64_t i = 0; i < count; ++i)
                values.push_back(
                    fmt::format("{}.{}.{}", sent.number, b, std::string(below(900), 'x')));
            const auto index = static_cast<PartitionIndex>(below(kPartitions));
            sent.group->add({stream_, index}, values);
            sent.batches.emplace_back(index, std::move(values));
        }
        sent.group->change(test::kFirstKeyspace, "last", std::to_string(sent.number));
        sent.group->change(test::kFirstKeyspace, fmt::format("group {}", sent.number), "done");
        return sent;
    }

    // Several groups are under way at a time, so that commits join them.
    void send_until_power_is_cut() {
        if (below(2) == 0) disk_.fail_after(1 + below(60));
        const std::size_t count = 5 + below(40);
        const std::size_t first = sent_.size();
        std::size_t waited = first;
        for (std::size_t i = 0; i < count; ++i) {
            sent_.push_back(make_group());
            log_->append(*sent_.back().group);
            if (below(4) == 0)
                while (waited < sent_.size()) wait_for(sent_[waited++]);
            if (below(10) == 0) clock_.advance_ms(11LL * 60'000 * 60); // another slice
        }
        disk_.cut_power();
        while (waited < sent_.size()) wait_for(sent_[waited++]);
        log_.reset();
    }
    static void wait_for(Sent& sent) { sent.acknowledged = sent.group->wait().has_value(); }

    // What is stored must be a prefix of what was sent, in whole groups, and hold all that was
    // acknowledged at the offsets that were named.
    void compare() {
        std::array<std::vector<StoredValue>, kPartitions> stored;
        for (PartitionIndex p = 0; p < kPartitions; ++p) {
            auto read = read_all(*log_, {stream_, p});
            INFO((read ? "" : read.error().context));
            REQUIRE(read);
            stored[p] = std::move(read).value();
            for (std::size_t i = 0; i < stored[p].size(); ++i)
                REQUIRE(stored[p][i].offset == static_cast<Offset>(i));
            REQUIRE(log_->bounds({stream_, p}).value().high_watermark ==
                    static_cast<Offset>(stored[p].size()));
        }
        std::array<std::size_t, kPartitions> at{};
        std::vector<Sent> kept;
        for (Sent& sent : sent_) {
            const bool is_there =
                log_->state(test::kFirstKeyspace, fmt::format("group {}", sent.number))
                    .value()
                    .has_value();
            CAPTURE(sent.number, sent.acknowledged, is_there);
            if (sent.acknowledged) REQUIRE(is_there);
            if (!is_there) continue;
            for (std::size_t b = 0; b < sent.batches.size(); ++b) {
                const auto& [p, values] = sent.batches[b];
                if (sent.acknowledged)
                    REQUIRE(sent.group->appends[b].base_offset == static_cast<Offset>(at[p]));
                for (const std::string& value : values) {
                    REQUIRE(at[p] < stored[p].size());
                    REQUIRE(stored[p][at[p]++].value == value);
                }
            }
            last_kept_ = sent.number;
            kept.push_back(std::move(sent));
        }
        for (PartitionIndex p = 0; p < kPartitions; ++p) REQUIRE(at[p] == stored[p].size());
        if (last_kept_ != 0)
            REQUIRE(log_->state(test::kFirstKeyspace, "last").value() ==
                    std::to_string(last_kept_));
        sent_ = std::move(kept);
    }

    std::mt19937_64 random_;
    TempDir directory_;
    ManualClock clock_;
    Metrics metrics_;
    kv::SimulatedStorage disk_;
    std::unique_ptr<log::Log> log_;
    StreamId stream_{};
    std::vector<Sent> sent_;
    int last_number_ = 0;
    int last_kept_ = 0;
};

} // namespace

TEST_CASE("a power cut loses nothing that was acknowledged", "[log][power]") {
    const auto number_from = [](const char* variable, std::uint64_t otherwise) {
        const char* text = std::getenv(variable);
        return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
    };
    const std::uint64_t first = number_from("HOLDFAST_SEED", 1);
    const bool is_one = std::getenv("HOLDFAST_SEED") != nullptr;
    const std::uint64_t last = is_one ? first : number_from("HOLDFAST_RUNS", 200);
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        CAPTURE(seed);
        Simulation(seed).run();
    }
}
