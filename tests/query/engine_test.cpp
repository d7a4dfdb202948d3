// Goal: queries over a log on disk see what was committed when they began, read no more than their
// times need, stay within their bounds and can be cancelled.
#include "support/append_batch.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/column/json_text.hpp>
#include <holdfast/query/engine.hpp>
#include <holdfast/query/result_text.hpp>
#include <holdfast/record/header_names.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <support/keyspaces.hpp>

using namespace holdfast;

namespace {

constexpr std::int64_t kStartMs = 1'714'557'600'000; // 2024-05-01T10:00:00Z

// Rows as JSON arrays.
class Collected final : public query::Sink {
public:
    Result<void> begin(const std::vector<std::string>& given) override {
        names = given;
        return ok();
    }
    Result<void> rows(const column::Frame& batch) override {
        rows_max = std::max(rows_max, batch.rows);
        for (std::size_t row = 0; row < batch.rows; ++row) {
            std::string json = "[";
            for (std::size_t c = 0; c < batch.columns.size(); ++c) {
                if (c != 0) json += ',';
                column::append_json(json, batch.columns[c]->at(row));
            }
            lines.push_back(json + "]");
        }
        if (on_rows) on_rows();
        return ok();
    }
    std::vector<std::string> names;
    std::vector<std::string> lines;
    std::size_t rows_max = 0; // of one batch
    std::function<void()> on_rows;
};

class Site {
public:
    Site()
        : log_(log::Log::open({.directory = dir_.path(), .keyspaces = test::all_keyspaces()},
                              clock_, metrics_)
                   .value()) {
        log::StreamSettings settings;
        settings.name = "telemetry";
        settings.partitions = 2;
        stream_ = log_->create_stream(settings).value();
        clock_.advance_ms(kStartMs + 3'600'000 - clock_.now_ms());
    }

    // One record in a batch of its own.
    void publish(const std::string& topic, const std::string& device, const std::string& payload,
                 std::int64_t arrival_ms = kStartMs,
                 record::Compression compression = record::Compression::none) {
        Bytes header;
        record::encode_header(header, record::kHeaderMqttTopic, as_bytes(topic));
        const std::array<ByteView, 1> headers{header};
        record::BatchBuilder builder;
        builder.append(arrival_ms, as_bytes(device), as_bytes(payload), 1, headers);
        const auto batch = builder.finish(compression);
        test::WaitedGroup group;
        Bytes bytes(batch.begin(), batch.end());
        const PartitionIndex index = device < "m" ? 0 : 1;
        group.appends.push_back({{stream_->id, index}, bytes, 1});
        log_->append(group);
        REQUIRE(group.wait());
    }

    std::unique_ptr<query::Engine> engine(query::EngineSettings settings = {}) const {
        return engine_at(clock_, settings);
    }
    std::unique_ptr<query::Engine> engine_at(const Clock& clock,
                                             query::EngineSettings settings = {}) const {
        query::Engine::Parts parts{*log_, clock, [](std::string_view) {
                                       return std::vector<std::string>{"telemetry", "gone"};
                                   }};
        parts.tables.push_back(query::streams_table(*log_));
        return std::make_unique<query::Engine>(settings, std::move(parts));
    }

private:
    test::TempDir dir_;
    ManualClock clock_;
    Metrics metrics_;
    std::unique_ptr<log::Log> log_;
    std::shared_ptr<const log::Stream> stream_;
};

std::vector<std::string> rows_of(const query::Engine& engine, const std::string& sql) {
    Collected sink;
    const auto summary = engine.run({sql}, sink);
    if (!summary) return {summary.error().context};
    CHECK(summary.value().rows == sink.lines.size());
    return sink.lines;
}

using Rows = std::vector<std::string>;

} // namespace

TEST_CASE("a query reads all partitions of the streams behind a filter", "[query]") {
    Site site;
    site.publish("plant/a/t", "a", R"({"v": 1})");
    site.publish("plant/z/t", "z", R"({"v": 5})");
    site.publish("plant/a/t", "a", R"({"v": 2})");
    site.publish("other/a/t", "a", R"({"v": 100})");
    const auto engine = site.engine();
    CHECK(rows_of(*engine, "SELECT device, sum(v) FROM 'plant/+/t' GROUP BY device ORDER BY 1") ==
          Rows{R"(["a",3])", R"(["z",5])"});
    CHECK(rows_of(*engine, "SELECT count(*) FROM telemetry") == Rows{"[4]"});
    CHECK(rows_of(*engine, "SELECT partition, offset, topic FROM telemetry WHERE device = 'z'") ==
          Rows{R"([1,0,"plant/z/t"])"});
    CHECK(rows_of(*engine, "SELECT name, records FROM streams WHERE name = 'telemetry'") ==
          Rows{R"(["telemetry",4])"});
}

TEST_CASE("records whose payload cannot be read are counted, and the first is named", "[query]") {
    Site site;
    site.publish("plant/a/t", "a", R"({"v": 1})");
    site.publish("plant/z/t", "z", R"({"v": )");
    site.publish("plant/a/t", "a", R"({"v": 2)");
    site.publish("plant/a/t", "a", "\xff\xfe");
    const auto engine = site.engine();
    Collected sink;
    const auto summary = engine->run({"SELECT v FROM telemetry"}, sink);
    REQUIRE(summary);
    CHECK(sink.lines == Rows{"[1]", "[null]", "[null]", "[null]"});
    CHECK(summary.value().unreadable == 3);
    CHECK(summary.value().first_unreadable == "telemetry/0, offset 1: payload is damaged JSON");
    CHECK(summary.value().damaged == 0);

    query::ResultText text(query::ResultFormat::ndjson);
    text.end(summary.value());
    CHECK_THAT(text.take(),
               Catch::Contains(R"("unreadable_records":3,"first_unreadable":)"
                               R"("telemetry/0, offset 1: payload is damaged JSON",)"));
}

TEST_CASE("a query that reads no payload counts none as unreadable", "[query]") {
    Site site;
    site.publish("plant/a/t", "a", R"({"v": )");
    Collected sink;
    const auto summary = site.engine()->run({"SELECT device FROM telemetry"}, sink);
    REQUIRE(summary);
    CHECK(sink.lines == Rows{R"(["a"])"});
    CHECK(summary.value().unreadable == 0);
    CHECK(summary.value().first_unreadable.empty());
}

TEST_CASE("a time range leaves old records unread, but no late one", "[query]") {
    Site site;
    const std::int64_t hour_ms = 3'600'000;
    for (int i = 0; i < 10; ++i)
        site.publish("plant/a/t", "a", R"({"v": 1})", kStartMs - 10 * hour_ms + i);
    site.publish("plant/a/t", "a", R"({"v": 2})", kStartMs);
    // arrived now, happened half a day ago
    site.publish("plant/a/t", "a", R"({"v": 3, "ts": "2024-04-30T22:00:00Z"})", kStartMs);
    const auto engine = site.engine();
    Collected sink;
    const auto summary =
        engine->run({"SELECT v FROM telemetry WHERE ts >= now() - 2h ORDER BY v"}, sink);
    REQUIRE(summary);
    CHECK(sink.lines == Rows{"[2]"});
    CHECK(summary.value().rows_read == 2);
    CHECK(rows_of(*engine, "SELECT v FROM telemetry WHERE ts < '2024-05-01' AND v > 2") ==
          Rows{"[3]"});
}

TEST_CASE("a batch of rows is bounded in bytes however well its records were compressed",
          "[query]") {
    Site site;
    const std::string megabyte = '"' + std::string(1U << 20U, 'x') + '"';
    for (int i = 0; i < 20; ++i)
        site.publish("plant/a/t", "a", megabyte, kStartMs, record::Compression::zstd);
    Collected sink;
    REQUIRE(site.engine()->run({"SELECT length(payload) FROM telemetry"}, sink));
    CHECK(sink.lines == Rows(20, "[1048578]"));
    CHECK(sink.rows_max <= 4);
    CHECK(rows_of(*site.engine(), "SELECT count(*) FROM telemetry WHERE device = 'b'") ==
          Rows{"[0]"});
}

TEST_CASE("a query has a bound of memory, a deadline and can be cancelled", "[query]") {
    Site site;
    for (int i = 0; i < 50; ++i)
        site.publish("plant/a/t", "a", R"({"v": )" + std::to_string(i) + "}");
    query::EngineSettings settings;
    settings.memory_bytes_max = 10'000;
    CHECK(rows_of(*site.engine(settings), "SELECT v FROM telemetry ORDER BY v") ==
          Rows{"ORDER BY needs more than the query's 0 MiB of memory"});
    const auto engine = site.engine();
    std::stop_source stop;
    stop.request_stop();
    Collected sink;
    query::Request request{"SELECT v FROM telemetry"};
    request.stop = stop.get_token();
    const auto cancelled = engine->run(request, sink);
    REQUIRE_FALSE(cancelled);
    CHECK(cancelled.error().code == Errc::closed);
    CHECK(sink.lines.empty());
}

TEST_CASE("a deadline ends a query in the middle of a row", "[query]") {
    // A millisecond passes whenever somebody looks.
    class LookedAt final : public Clock {
    public:
        std::int64_t now_ms() const noexcept override { return kStartMs; }
        std::int64_t monotonic_ms() const noexcept override { return ++looks_; }

    private:
        mutable std::int64_t looks_ = 0;
    };
    const auto answer = [](int corners) {
        Site site;
        std::string area = R"({"area": [[0, 0], [0, 2], [2, 2])";
        for (int i = 3; i < corners; ++i) area += ", [2, 0]";
        site.publish("plant/a/t", "a", area + "]}");
        const LookedAt clock;
        Collected sink;
        query::Request request{"SELECT inside_polygon(1, 1, area) FROM telemetry"};
        request.timeout_ms = 30;
        const auto summary = site.engine_at(clock)->run(request, sink);
        return summary ? sink.lines.at(0) : summary.error().context;
    };
    CHECK(answer(4) == "[true]");
    CHECK(answer(100'000) == "the query took longer than it may");
}

TEST_CASE("what waits is bounded, and an engine that ends answers everybody", "[query]") {
    Site site;
    site.publish("plant/a/t", "a", R"({"v": 1})");
    query::EngineSettings settings;
    settings.threads = 1;
    settings.waiting_max = 1;
    auto engine = site.engine(settings);
    std::promise<void> began;
    std::promise<void> may_go_on;
    auto slow = std::make_shared<Collected>();
    slow->on_rows = [&] {
        began.set_value();
        may_go_on.get_future().wait();
    };
    std::promise<Result<query::Summary>> first;
    std::promise<Result<query::Summary>> second;
    REQUIRE(engine->submit({"SELECT v FROM telemetry"}, slow,
                           [&](auto outcome) { first.set_value(std::move(outcome)); }));
    began.get_future().wait();
    REQUIRE(engine->submit({"SELECT v FROM telemetry"}, std::make_shared<Collected>(),
                           [&](auto outcome) { second.set_value(std::move(outcome)); }));
    const auto third = engine->submit({"SELECT 1"}, std::make_shared<Collected>(), [](auto) {});
    REQUIRE_FALSE(third);
    CHECK(third.error().code == Errc::limit_exceeded);
    may_go_on.set_value();
    CHECK(first.get_future().get());
    engine.reset();
    const auto outcome = second.get_future().get(); // served or refused, but answered
    CHECK((outcome || outcome.error().code == Errc::closed));
}

TEST_CASE("SHOW, DESCRIBE and EXPLAIN say what there is and what is done", "[query]") {
    Site site;
    const auto engine = site.engine();
    CHECK(rows_of(*engine, "SHOW TABLES") ==
          Rows{R"(["streams","table"])", R"(["telemetry","stream"])"});
    CHECK(rows_of(*engine, "DESCRIBE streams")[0] == R"(["name","TEXT"])");
    CHECK(rows_of(*engine, "DESCRIBE telemetry")[0] == R"(["ts","TIMESTAMP"])");
    CHECK(rows_of(*engine, "EXPLAIN SELECT v FROM telemetry WHERE v > 1") ==
          Rows{R"x(["project v"])x", R"x(["  filter (v > 1)"])x",
               R"x(["    scan telemetry of v"])x"});
    CHECK(rows_of(*engine, "SELECT a FROM telemetri") ==
          Rows{"line 1, column 15: there is no stream or table 'telemetri'; did you mean "
               "'telemetry'?"});
    CHECK(rows_of(*engine, "DROP RULE x") ==
          Rows{"line 1, column 1: a query only reads: DROP is not served here"});
}

TEST_CASE("EXPLAIN ANALYZE runs the query and says what each operator gave", "[query]") {
    Site site;
    for (const char* payload : {R"({"v":1})", R"({"v":2})", R"({"v":3})"})
        site.publish("plant/a/telemetry", "a", payload);
    const auto engine = site.engine();
    Collected sink;
    const auto summary =
        engine->run({"EXPLAIN ANALYZE SELECT count(*) FROM telemetry WHERE v > 1"}, sink);
    REQUIRE(summary);
    CHECK(summary.value().rows_read == 3);
    REQUIRE(sink.lines.size() == 4);
    const auto begins = [&](std::size_t line, std::string_view with) {
        CAPTURE(sink.lines[line]);
        return sink.lines[line].starts_with(with) && sink.lines[line].ends_with(R"( ms"])");
    };
    CHECK(begins(0, R"x(["project #0 -> 1 rows in )x"));
    CHECK(begins(1, R"x(["  group: count(*) -> 1 rows in )x"));
    CHECK(begins(2, R"x(["    filter (v > 1) -> 2 rows in )x"));
    CHECK(begins(3, R"x(["      scan telemetry of v -> 3 rows in )x"));
    CHECK(rows_of(*engine, "EXPLAIN ANALYZE SELECT count(*) FROM telemetri")[0].starts_with(
        "line 1, column 38: there is no stream"));
}
