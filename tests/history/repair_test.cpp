// Goal: whatever is wrong with history's files, no value that it gives is wrong, and what is
// damaged is built anew where the log has all of it still; else it is named, and the rest is read
// as before. Method: a log and a history of it on the disk, one random harm to one of history's
// files, then it is opened (or, where it does not open, begun anew, as the server does), followed,
// mended and read. HOLDFAST_HISTORY_CORRUPTIONS chooses how many, HOLDFAST_HISTORY_SEED which.
#include "history/harm.hpp"
#include "history/partition_reader.hpp"
#include "history/store_fixture.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/history/repair.hpp>

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace holdfast;
using namespace holdfast::test;

namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

constexpr int kMessages = 3'000;
constexpr int kDevices = 3;
const std::vector<std::string> kFields = {"n", "f", "s"};

std::string device(int number) {
    return fmt::format("d{}", number % kDevices);
}

// One log, and histories of it.
struct Site {
    LogFixture log;
    StoreFixture history;
    PartitionId partition = log.make_stream("telemetry");

    Site() {
        history.store.reset();
        history.from = partition;
        history.options.partition_us = 600'000'000; // ten minutes: several families
        history.options.database_bytes = 512U << 10U;
        history.start();
    }
    void append(int from, int to) {
        std::vector<KeyedValue> records;
        for (int i = from; i < to; ++i)
            records.push_back(
                {device(i), fmt::format(R"({{"ts":{},"n":{},"f":{},"s":"t{}"}})",
                                        kStartUs / 1'000'000 + i, i, i / 4.0, i % 7)});
        WaitedGroup group;
        group.add_keyed(partition, records, kStartUs / 1'000 + to * 1'000);
        log.log->append(group);
        REQUIRE(group.wait());
    }
    void follow() {
        history::PartitionReader reader(log.log->find_stream("telemetry"), 0, *history.store,
                                        log.metrics);
        for (;;) {
            const auto fetched = log.log->fetch(partition, reader.position(), 4'000).value();
            if (fetched.next_offset == reader.position()) return;
            Result<void> told = ok();
            reader.step(fetched, [&told](Result<void> done) { told = std::move(done); });
            REQUIRE(told);
        }
    }
    // Tables of all that there is, as after some starts.
    void settle() {
        REQUIRE(history.store->seal_all());
        for (int again = 0; again < 3; ++again) history.reopen();
    }
    Lines read(int number) const { return history.read(device(number), kFields); }
    static Lines expected(int number) {
        Lines lines;
        for (int i = number; i < kMessages; i += kDevices)
            lines.push_back(
                fmt::format("{}:{},{}{},'t{}'", i, i, i / 4.0, i % 4 == 0 ? "" : "f", i % 7));
        return lines;
    }
    bool is_whole() const {
        for (int number = 0; number < kDevices; ++number)
            if (read(number) != expected(number)) return false;
        return true;
    }
    // What is read is what was sent, up to an error.
    void check_no_value_is_wrong() const {
        for (int number = 0; number < kDevices; ++number) {
            const Lines all = expected(number);
            Lines lines = read(number);
            if (!lines.empty() && lines.back().starts_with("error: ")) lines.pop_back();
            REQUIRE(lines.size() <= all.size());
            REQUIRE(std::equal(lines.begin(), lines.end(), all.begin()));
        }
    }
    fs::path harm_table(std::size_t which) const {
        std::vector<fs::path> tables;
        for (const fs::path& file : files_of(history.options.directory))
            if (file.extension() == ".sst") tables.push_back(file);
        std::sort(tables.begin(), tables.end(), [](const fs::path& left, const fs::path& right) {
            return fs::file_size(left) > fs::file_size(right);
        });
        return tables.at(which);
    }
};

// In the middle of its largest table: of rows.
void harm_rows(Site& site) {
    site.history.store.reset();
    flip_bit(site.harm_table(0), 0.3);
    site.history.start();
}

} // namespace

TEST_CASE("a damaged history is built anew from the log", "[history]") {
    set_log_level(LogLevel::error);
    const char* given = std::getenv("HOLDFAST_HISTORY_CORRUPTIONS");
    const long rounds = given ? std::atol(given) : 25;
    const char* given_seed = std::getenv("HOLDFAST_HISTORY_SEED");
    const auto seed = given_seed ? std::strtoull(given_seed, nullptr, 10) : 0;
    Site site;
    for (int at = 0; at < kMessages; at += 50) site.append(at, at + 50);
    site.follow();
    site.settle();
    REQUIRE(site.is_whole());
    site.history.store.reset();
    const fs::path sound = site.history.directory.path() / "sound";
    fs::copy(site.history.options.directory, sound, fs::copy_options::recursive);
    long begun_anew = 0;
    long mended = 0;
    for (long round = 0; round < rounds; ++round) {
        std::mt19937_64 random(seed + static_cast<std::uint64_t>(round));
        site.history.store.reset();
        fs::remove_all(site.history.options.directory);
        fs::copy(sound, site.history.options.directory, fs::copy_options::recursive);
        const auto files = files_of(site.history.options.directory);
        const std::string what = harm(files[random() % files.size()], random);
        CAPTURE(round, what);
        auto opened =
            history::Store::open(site.history.options, site.history.memory, site.history.metrics);
        if (!opened) {
            ++begun_anew;
            fs::remove_all(site.history.options.directory);
            site.history.start();
        } else {
            site.history.store = std::move(opened).value();
        }
        site.follow();
        site.check_no_value_is_wrong();
        history::Repair repair({*site.log.log, *site.history.store, site.log.metrics});
        if (site.history.store->may_be_damaged()) {
            ++mended;
            REQUIRE(repair.mend({}));
            CHECK(repair.lost() == 0);
        }
        for (int number = 0; number < kDevices; ++number)
            REQUIRE(site.read(number) == Site::expected(number));
        site.history.reopen();
        REQUIRE(site.is_whole());
    }
    set_log_level(LogLevel::info);
    INFO("of " << rounds << " harmed histories " << begun_anew << " were begun anew, " << mended
               << " mended");
    CHECK(begun_anew + mended > 0);
}

TEST_CASE("damage that the log cannot mend is named, and the rest is read", "[history]") {
    set_log_level(LogLevel::error);
    Site site;
    for (int at = 0; at < kMessages; at += 50) site.append(at, at + 50);
    site.follow();
    REQUIRE(site.history.store->rewind(site.partition, kMessages - 1)); // another log from there on
    site.settle();
    harm_rows(site);
    site.follow();
    site.check_no_value_is_wrong();
    REQUIRE(site.history.store->may_be_damaged());
    history::Repair repair({*site.log.log, *site.history.store, site.log.metrics});
    REQUIRE(repair.mend({}));
    CHECK(repair.lost() == 1);
    CHECK(site.log.metrics.render().find("holdfast_history_partitions_damaged 1") !=
          std::string::npos);
    site.check_no_value_is_wrong();
    CHECK_FALSE(site.is_whole());
    std::string named;
    for (int number = 0; number < kDevices; ++number)
        if (site.read(number).back().starts_with("error: ")) named = site.read(number).back();
    CHECK(named.find("2024-10-04T") != std::string::npos);
    set_log_level(LogLevel::info);
}

TEST_CASE("a rebuilding that is interrupted is gone on with, and gives no half of it",
          "[history]") {
    set_log_level(LogLevel::error);
    Site site;
    for (int at = 0; at < kMessages; at += 50) site.append(at, at + 50);
    site.follow();
    site.settle();
    harm_rows(site);
    site.check_no_value_is_wrong();
    const auto damaged = site.history.store->find_damage({});
    REQUIRE(damaged);
    REQUIRE(damaged.value().size() == 1);
    REQUIRE(site.history.store->begin_rebuild(damaged.value().front()));
    // The log is kept for it.
    CHECK(site.history.store->sealed_below(site.partition) ==
          damaged.value().front().floors.at(site.partition));
    CHECK(site.read(0).back().find("is being built anew") != std::string::npos);
    site.check_no_value_is_wrong();
    site.history.reopen();
    CHECK(site.read(0).back().find("is being built anew") != std::string::npos);
    REQUIRE(site.history.store->may_be_damaged());
    history::Repair repair({*site.log.log, *site.history.store, site.log.metrics});
    REQUIRE(repair.mend({}));
    CHECK(site.is_whole());
    CHECK_FALSE(site.history.store->may_be_damaged());
    CHECK(site.history.store->sealed_below(site.partition) == kMessages);
    CHECK(site.history.store->summary(site.partition.stream, device(0))->messages ==
          kMessages / kDevices);
    set_log_level(LogLevel::info);
}
