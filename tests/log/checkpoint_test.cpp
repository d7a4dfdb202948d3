// Goal: a checkpoint is a log of its own: it opens as one that was closed, has every record, state
// and producer from before, and stays as it is whatever becomes of the first. Method: a writer that
// goes on meanwhile; both logs read.
#include "log/log_fixture.hpp"

#include <holdfast/log/group_offsets.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <support/keyspaces.hpp>
#include <thread>

using namespace holdfast;
using namespace holdfast::test;

namespace {

// A copy, opened with a clock of its own.
struct CopiedLog {
    explicit CopiedLog(const std::filesystem::path& directory) {
        log::LogOptions options;
        options.keyspaces = test::all_keyspaces();
        options.directory = directory;
        auto opened = log::Log::open(std::move(options), clock, metrics);
        if (!opened) throw std::runtime_error(opened.error().context);
        log = std::move(opened).value();
    }
    ManualClock clock;
    Metrics metrics;
    std::unique_ptr<log::Log> log;
};

} // namespace

TEST_CASE("a checkpoint has everything and lives on its own", "[log][checkpoint]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a", 2);
    const PartitionId b = at.make_stream("b", 1, 60'000);
    REQUIRE(append_values(*at.log, a, {"1", "2"}));
    REQUIRE(append_values(*at.log, b, {"gone later"}, at.clock.now_ms()));
    log::GroupOffsets groups(*at.log, at.clock);
    log::GroupOffset offset;
    offset.partition = a;
    offset.offset = 1;
    REQUIRE(groups.commit("readers", std::vector{offset}));
    const auto id = at.log->new_producer_id().value();
    WaitedGroup stamped;
    stamped.add(a, {"3"}, record::ProducerStamp{id, 0, 0});
    at.log->append(stamped);
    REQUIRE(stamped.wait());

    const auto copy = at.directory.path() / "copy";
    REQUIRE(at.log->checkpoint(copy));
    CHECK(at.log->checkpoint(copy).error().code == Errc::already_exists);
    REQUIRE(append_values(*at.log, a, {"4"}));
    REQUIRE(at.log->delete_stream("b"));
    at.log.reset();
    std::filesystem::remove_all(at.path());

    CopiedLog copied(copy);
    CHECK(read_all(*copied.log, a).value() ==
          std::vector<StoredValue>{{0, "1"}, {1, "2"}, {2, "3"}});
    CHECK(read_all(*copied.log, b).value() == std::vector<StoredValue>{{0, "gone later"}});
    CHECK(log::GroupOffsets(*copied.log, copied.clock).find("readers", a).value()->offset == 1);
    WaitedGroup again; // the batch that it knows
    again.add(a, {"3"}, record::ProducerStamp{id, 0, 0});
    copied.log->append(again);
    REQUIRE(again.wait());
    CHECK(again.appends[0].is_duplicate);
    CHECK(copied.log->new_producer_id().value() > id);
    CHECK(append_values(*copied.log, a, {"new"}).value() == 3);
    std::vector<log::Damage> damages;
    CHECK(copied.log->verify([&](const log::Damage& damage) { damages.push_back(damage); })
              .value()
              .damages == 0);
}

TEST_CASE("a checkpoint beside appends has what was acknowledged before", "[log][checkpoint]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    std::atomic<Offset> acknowledged{0};
    std::atomic<bool> is_over{false};
    std::thread writer([&] {
        while (!is_over) {
            const auto stored = append_values(*at.log, a, {std::to_string(acknowledged)});
            if (!stored) break;
            acknowledged = stored.value() + 1;
        }
    });
    for (int i = 0; i < 5; ++i) {
        while (acknowledged < (i + 1) * 20) std::this_thread::yield();
        const Offset before = acknowledged;
        const auto copy = at.directory.path() / ("copy-" + std::to_string(i));
        REQUIRE(at.log->checkpoint(copy));
        const Offset after = acknowledged + 1;
        CopiedLog copied(copy);
        const auto values = read_all(*copied.log, a).value();
        CHECK(static_cast<Offset>(values.size()) >= before);
        CHECK(static_cast<Offset>(values.size()) <= after);
        for (std::size_t at_offset = 0; at_offset < values.size(); ++at_offset)
            if (values[at_offset].value != std::to_string(at_offset)) FAIL("record " << at_offset);
    }
    is_over = true;
    writer.join();
}

TEST_CASE("a checkpoint with a table cut names what it lost", "[log][checkpoint]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    REQUIRE(append_values(*at.log, a, std::vector<std::string>(100, std::string(1'000, 'x'))));
    const auto copy = at.directory.path() / "copy";
    REQUIRE(at.log->checkpoint(copy));
    std::filesystem::path largest;
    for (const auto& file : std::filesystem::directory_iterator(copy))
        if (file.path().extension() == ".sst" &&
            (largest.empty() || file.file_size() > std::filesystem::file_size(largest)))
            largest = file.path();
    const auto linked = at.path() / largest.filename();
    // Its own copy: the first log keeps the table.
    std::filesystem::copy_file(linked, copy / "own");
    std::filesystem::rename(copy / "own", largest);
    std::filesystem::resize_file(largest, std::filesystem::file_size(largest) / 2);
    const CopiedLog copied(copy);
    CHECK(copied.log->fetch(a, 0, 1U << 20U).error().code == Errc::corrupt);
    CHECK(read_all(*at.log, a).value().size() == 100);
}
