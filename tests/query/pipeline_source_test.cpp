// Goal: a pipeline's rows come from the log as a query of it would give them, with the records that
// they are of; without the right to read there are none. Method: a log of two partitions.
#include "log/log_fixture.hpp"
#include "pipeline/plan_of.hpp"

#include <holdfast/query/pipeline_source.hpp>

#include <fmt/format.h>

using namespace holdfast;
using Catch::Contains;
using test::KeyedValue;
using test::plan_of;

namespace {

const std::string kBegin =
    "name: wear\nsignals: [heat]\ntarget: {column: wear}\nalgorithm: linear\n";

struct Streams {
    Streams() : engine({.threads = 0}, parts()) {
        const StreamId stream = log.make_stream("pumps", 2).stream;
        append({stream, 0},
               {{"p1", R"({"heat":1,"wear":10})"}, {"p1", R"({"heat":true,"wear":"x"})"}});
        append({stream, 1}, {{"p2", R"({"heat":3,"wear":30})"}});
        append({stream, 1}, {{"p2", R"({"wear":40})"}});
    }
    query::Engine::Parts parts() {
        return {*log.log, log.clock,
                [](std::string_view) { return std::vector<std::string>{"pumps"}; }};
    }
    void append(PartitionId at, const std::vector<KeyedValue>& records) {
        test::WaitedGroup group;
        group.add_keyed(at, records, 1'700'000'000'000, record::Compression::none);
        log.log->append(group);
        REQUIRE(group.wait());
    }
    // What rows() makes of them, or the error.
    std::string read(const pipeline::Plan& plan, const query::MayRead& may_read = {}) {
        pipeline::Samples samples(plan);
        auto read = source.read(plan, may_read, samples, {});
        if (!read) return read.error().context;
        ranges = std::move(read).value();
        const auto rows = samples.rows();
        if (!rows) return rows.error().context;
        std::string out;
        for (std::size_t row = 0; row < rows.value().y.size(); ++row)
            out += fmt::format("{}:{}->{} ", rows.value().devices[rows.value().groups[row]],
                               rows.value().x(row, 0), rows.value().y[row]);
        return out;
    }

    test::LogFixture log;
    query::Engine engine;
    query::PipelineSource source{engine, *log.log};
    std::vector<ml::DataRange> ranges;
};

} // namespace

TEST_CASE("rows of a stream come with the records that they are of", "[query][pipeline]") {
    Streams at;
    CHECK(at.read(plan_of(kBegin + "source: {stream: pumps}\n")) ==
          "p1:1->10 p2:3->30 p2:nan->40 ");
    CHECK(at.ranges == std::vector<ml::DataRange>{{"pumps", 0, 0, 2}, {"pumps", 1, 0, 2}});
    const auto later = plan_of(kBegin + "source: {stream: pumps, from: '2030-01-01'}\n");
    CHECK_THAT(at.read(later), Contains("none of 0 rows"));
}

TEST_CASE("rows of a query go by the names of its columns", "[query][pipeline]") {
    Streams at;
    const auto plan = [](const std::string& sql) {
        return plan_of(kBegin + "source: {query: \"" + sql + "\"}\n");
    };
    CHECK_THAT(at.read(plan("SELECT wear, device, ts, heat FROM pumps WHERE heat > 99")),
               Contains("none of 0 rows has a target"));
    CHECK(at.read(plan("SELECT wear * 2 AS wear, device, ts, heat FROM pumps WHERE heat = 3")) ==
          "p2:3->60 ");
    CHECK_THAT(
        at.read(plan("SELECT device, ts, heat FROM pumps")),
        Contains("p.yaml:5: source: the query gives no column 'wear', but device, ts, heat"));
    CHECK_THAT(at.read(plan("SELECT device, NULL AS ts, heat, wear FROM pumps")),
               Contains("row 1 has no time in 'ts'"));
    CHECK_THAT(at.read(plan("SELECT nonsense(1)")), Contains("there is no function nonsense()"));
}

TEST_CASE("a query without a column that is needed is refused before it runs",
          "[query][pipeline]") {
    Streams at;
    const auto refusal = [&](const std::string& sql) {
        const auto checked =
            at.source.check(plan_of(kBegin + "source: {query: \"" + sql + "\"}\n"), {});
        return checked ? std::string() : checked.error().context;
    };
    CHECK(refusal("SELECT device, ts, heat, wear FROM pumps") == "");
    CHECK(refusal("SELECT device, ts, avg(heat) AS heat, max(wear) AS wear FROM pumps "
                  "GROUP BY device, ts") == "");
    CHECK(refusal("SELECT device, ts, heat FROM pumps") ==
          "p.yaml:5: source: the query gives no column 'wear', but device, ts, heat");
    CHECK_THAT(refusal("SELECT ts, heat, wear FROM pumps"), Contains("no column 'device'"));
    CHECK_THAT(refusal("EXPLAIN SELECT device, ts, heat, wear FROM pumps"), Contains("line 1"));
}

TEST_CASE("rows are only for who may read them", "[query][pipeline]") {
    Streams at;
    const auto plan = plan_of(kBegin + "source: {stream: pumps}\n");
    const query::MayRead nothing = [](query::SourceKind, std::string_view name) -> Result<void> {
        return fail(Errc::denied, "not " + std::string(name));
    };
    CHECK(at.read(plan, nothing) == "not pumps");
    CHECK(at.source.check(plan, nothing).error().code == Errc::denied);
    CHECK(at.source.check(plan, {}));
    CHECK(at.source.check(plan_of(kBegin + "source: {stream: none}\n"), {}).error().code ==
          Errc::not_found);
    CHECK_THAT(at.source.check(plan_of(kBegin + "time: t\n"), {}).error().context,
               Contains("source: is missing"));
}
