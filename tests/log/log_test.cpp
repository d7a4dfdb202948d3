// Goal: the log's contract on a real directory: what was appended is fetched, in order, also after
// a reopening; offsets are gap-free; groups are atomic.
#include "support/append_batch.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/log/log.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct Fixture {
    TempDir directory;
    ManualClock clock;
    Metrics metrics;
    std::unique_ptr<log::Log> log = open();

    std::unique_ptr<log::Log> open() {
        log::LogOptions options;
        options.directory = directory.path() / "log";
        options.write_buffer_bytes = 4U << 20U;
        return log::Log::open(std::move(options), clock, metrics).value();
    }
    void reopen() {
        log.reset();
        log = open();
    }
    PartitionId make_stream(const std::string& name, PartitionIndex partitions = 1) {
        log::StreamSettings settings;
        settings.name = name;
        settings.partitions = partitions;
        return {log->create_stream(settings).value()->id, 0};
    }
};

} // namespace

TEST_CASE("what was appended is fetched in order, from any offset", "[log]") {
    Fixture at;
    const PartitionId telemetry = at.make_stream("telemetry");
    CHECK(append_values(*at.log, telemetry, {"a", "b", "c"}).value() == 0);
    CHECK(append_values(*at.log, telemetry, {"d"}).value() == 3);
    CHECK(append_values(*at.log, telemetry, {"e", "f"}).value() == 4);

    const auto bounds = at.log->bounds(telemetry).value();
    CHECK(bounds.log_start_offset == 0);
    CHECK(bounds.high_watermark == 6);
    const std::vector<StoredValue> all{{0, "a"}, {1, "b"}, {2, "c"}, {3, "d"}, {4, "e"}, {5, "f"}};
    for (Offset from = 0; from <= 6; ++from)
        CHECK(read_all(*at.log, telemetry, from).value() ==
              std::vector<StoredValue>(all.begin() + from, all.end()));

    SECTION("also after a reopening") {
        at.reopen();
        CHECK(read_all(*at.log, telemetry).value() == all);
        CHECK(append_values(*at.log, telemetry, {"g"}).value() == 6);
    }
    SECTION("and not outside the bounds") {
        CHECK(at.log->fetch(telemetry, 7, 100).error().code == Errc::not_found);
        CHECK(at.log->fetch(telemetry, -1, 100).error().code == Errc::not_found);
        CHECK(at.log->fetch({telemetry.stream, 1}, 0, 100).error().code == Errc::not_found);
    }
}
