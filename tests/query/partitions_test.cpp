// Goal: a query of some devices reads their partitions only, and answers what it answers when it
// reads all of them. Method: generated records, placed by key or anywhere, in streams that grow and
// are opened again; the same question with `device || ''`, which nothing can be pruned by.
#include "support/append_batch.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/column/json_text.hpp>
#include <holdfast/query/engine.hpp>
#include <holdfast/record/partitioner.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <support/keyspaces.hpp>

using namespace holdfast;

namespace {

using Rows = std::vector<std::string>;

class Collected final : public query::Sink {
public:
    Result<void> begin(const std::vector<std::string>&) override { return ok(); }
    Result<void> rows(const column::Frame& batch) override {
        for (std::size_t row = 0; row < batch.rows; ++row) {
            std::string json;
            for (const auto* each : batch.columns) {
                json += json.empty() ? "" : ",";
                column::append_json(json, each->at(row));
            }
            lines.push_back(json);
        }
        return ok();
    }
    Rows lines;
};

class Site {
public:
    explicit Site(PartitionIndex partitions) {
        open();
        log::StreamSettings settings;
        settings.name = "s";
        settings.partitions = partitions;
        settings.durability = log::Durability::os;
        REQUIRE(log_->create_stream(settings));
    }
    void open() {
        log_.reset();
        log_ = log::Log::open({.directory = dir_.path(), .keyspaces = test::all_keyspaces()},
                              clock_, metrics_)
                   .value();
    }
    void grow(PartitionIndex partitions) {
        auto settings = log_->find_stream("s")->settings;
        settings.partitions = partitions;
        REQUIRE(log_->alter_stream(settings));
    }
    // In the partition of its key unless another is named.
    void append(const std::string& device, std::optional<PartitionIndex> where = {}) {
        const auto stream = log_->find_stream("s");
        const PartitionIndex partitions = stream->settings.partitions;
        const PartitionIndex partition =
            where.value_or(record::partition_for(as_bytes(device), partitions));
        REQUIRE(test::append_keyed(*log_, {stream->id, partition},
                                   {{device, fmt::format(R"({{"v": {}}})", ++written_)}}));
    }
    [[nodiscard]] Rows ask(const std::string& sql) const {
        query::Engine::Parts parts{
            *log_, clock_, [](std::string_view) { return std::vector<std::string>{"s"}; }, {}};
        const query::Engine engine({}, std::move(parts));
        Collected sink;
        const auto summary = engine.run({sql}, sink);
        if (!summary) return {summary.error().context};
        std::sort(sink.lines.begin(), sink.lines.end());
        return sink.lines;
    }
    // The scan's line of a query's plan.
    [[nodiscard]] std::string plan(const std::string& sql) const {
        for (const std::string& line : ask("EXPLAIN " + sql))
            if (const auto at = line.find("scan"); at != std::string::npos) return line.substr(at);
        return "no scan";
    }
    [[nodiscard]] std::uint64_t rows_read(const std::string& sql) const {
        query::Engine::Parts parts{
            *log_, clock_, [](std::string_view) { return std::vector<std::string>{"s"}; }, {}};
        const query::Engine engine({}, std::move(parts));
        Collected sink;
        return engine.run({sql}, sink).value().rows_read;
    }

private:
    test::TempDir dir_;
    ManualClock clock_;
    Metrics metrics_;
    std::unique_ptr<log::Log> log_;
    int written_ = 0;
};

void check_equal_answers(const Site& site) {
    for (const char* condition :
         {"@ = 'd1'", "'d2' = @", "@ IN ('d1', 'd3', 'd7')", "@ = 'd4' OR @ IN ('d5')",
          "@ IN ('d1', 'd2') AND @ = 'd2'", "@ = 'd1' AND @ = 'd2'", "@ = 'nobody'",
          "@ NOT IN ('d1')", "@ = 'd1' OR v = 3", "@ IN ('d1', NULL)", "NOT @ = 'd1'"}) {
        CAPTURE(condition);
        const auto with = [&](const std::string& device) {
            std::string where = condition;
            for (std::size_t at; (at = where.find('@')) != std::string::npos;)
                where.replace(at, 1, device);
            return "SELECT device, v, partition, offset FROM s WHERE " + where;
        };
        CHECK(site.ask(with("device")) == site.ask(with("(device || '')")));
    }
}

} // namespace

TEST_CASE("a query of some devices reads their partitions, as EXPLAIN says", "[query]") {
    Site site(64);
    for (const char* device : {"d1", "d2", "d3"}) site.append(device);
    CHECK(site.plan("SELECT v FROM s WHERE device = 'd1'") ==
          "scan s of device, v, 1 of 64 partitions\"");
    CHECK(site.plan("SELECT v FROM s WHERE device IN ('d1', 'd2')") ==
          "scan s of device, v, 2 of 64 partitions\"");
    CHECK(site.plan("SELECT v FROM s WHERE device = 'd1' AND device = 'd2'") ==
          "scan s of device, v, 0 of 64 partitions\"");
    CHECK(site.plan("SELECT v FROM s WHERE v = 1") == "scan s of v\"");
    CHECK_THAT(site.plan("SELECT v FROM TABLE('#' KEY device) WHERE device = 'd1'"),
               Catch::EndsWith("1 of 64 partitions\""));
    CHECK_THAT(site.plan("SELECT v FROM TABLE('#' KEY id) WHERE device = 'd1'"),
               !Catch::Contains("partitions"));
    CHECK_THAT(site.plan("ANALYZE SELECT v FROM s WHERE device = 'd1'"),
               Catch::Contains("1 of 64 partitions -> 1 rows"));

    site.append("d1", (record::partition_for(as_bytes("d1"), 64) + 1) % 64);
    CHECK(site.plan("SELECT v FROM s WHERE device = 'd1'") == "scan s of device, v\"");
    CHECK(site.ask("SELECT v FROM s WHERE device = 'd1'") == Rows{"1", "4"});
}

TEST_CASE("pruned or not, a query answers the same", "[query]") {
    for (std::uint32_t seed = 0; seed < 6; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const auto device = [&] { return "d" + std::to_string(random() % 9); };
        Site site(3);
        for (int i = 0; i < 60; ++i) site.append(device());
        check_equal_answers(site);
        if (seed % 3 == 1) site.grow(7);
        if (seed % 3 == 2) site.append("d1", (record::partition_for(as_bytes("d1"), 3) + 1) % 3);
        site.open();
        for (int i = 0; i < 40; ++i) site.append(device());
        check_equal_answers(site);
        if (seed % 3 != 0)
            CHECK_THAT(site.plan("SELECT v FROM s WHERE device = 'd1'"),
                       !Catch::Contains("partitions"));
        else
            CHECK(site.rows_read("SELECT v FROM s WHERE device = 'd1'") ==
                  site.ask("SELECT v FROM s WHERE device = 'd1'").size());
    }
}
