// Goal: whatever a query keeps counts against its memory, and it ends when it should; batches are
// an accident that no answer shows.
#include "support/run_query.hpp"

#include <catch2/catch.hpp>

using namespace holdfast;

namespace {

test::TestRows many(int count) {
    test::TestRows rows;
    for (int i = 0; i < count; ++i)
        rows.add_record("t/d" + std::to_string(i % 7), "{\"v\": " + std::to_string(i) + "}",
                        1'714'557'600'000 + i);
    rows.add_stream("s", "t/+");
    return rows;
}

} // namespace

TEST_CASE("what keeps rows is refused past the bound, naming what it was for", "[exec]") {
    const auto rows = many(20'000);
    exec::Limits limits;
    limits.memory_bytes_max = 1U << 20U;
    struct Row {
        const char* sql;
        const char* what;
    };
    const auto row = GENERATE(values<Row>({
        {"SELECT v, payload FROM s ORDER BY v", "ORDER BY"},
        {"SELECT v, count(*) FROM s GROUP BY v", "GROUP BY"},
        {"SELECT DISTINCT v FROM s", "DISTINCT"},
        {"SELECT count(DISTINCT v) FROM s", "an aggregate of DISTINCT"},
        {"SELECT median(v), median(v + 1), median(v + 2), median(v + 3), median(v + 4) FROM s",
         "GROUP BY"},
        {"SELECT a.v FROM s a JOIN s b ON a.v = b.v", "a join's right side"},
        {"SELECT sum(v) OVER (ORDER BY v) FROM s", "a window function"},
        {"SELECT count(*) FROM s GROUP BY SESSION(1s)", "SESSION"},
        {"SELECT v FROM TABLE('t/+' KEY v)", "TABLE"},
    }));
    CAPTURE(row.sql);
    const auto answer = test::run_query(row.sql, rows, {}, limits);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::limit_exceeded);
    CHECK(answer.error().context ==
          std::string(row.what) + " needs more than the query's 1 MiB of memory");
}

TEST_CASE("text that expressions make counts as the query's memory", "[exec]") {
    const auto rows = many(5'000);
    exec::Limits limits;
    limits.memory_bytes_max = 4U << 20U;
    const auto sql = GENERATE(as<std::string>(), "SELECT repeat(payload, 2000) FROM s",
                              "SELECT length(repeat(payload, 2000)) FROM s",
                              "SELECT payload || repeat('x', 3000) || payload FROM s",
                              "SELECT v FROM s WHERE repeat(device, 2000) = 'x'",
                              "SELECT count(*) FROM s GROUP BY repeat(payload, 2000)",
                              "SELECT max(repeat(device, 2000)) FROM s",
                              "SELECT count(*) FILTER (WHERE repeat(device, 2000) <> '') FROM s",
                              "SELECT v FROM s ORDER BY repeat(device, 2000)",
                              "SELECT a.v FROM s a JOIN s b ON a.v = repeat(b.device, 2000)",
                              "SELECT a.v FROM s a JOIN (SELECT v, device FROM s LIMIT 3) b ON "
                              "repeat(a.device, 2000) = b.v",
                              "SELECT a.v FROM s a JOIN (SELECT v, device FROM s LIMIT 7) b ON "
                              "a.device = b.device AND repeat(a.device, 2000) <> b.device",
                              "SELECT sum(v) OVER (PARTITION BY repeat(device, 2000)) FROM s",
                              "SELECT count(*) FROM s GROUP BY SESSION(1s), repeat(device, 2000)",
                              "SELECT u FROM s, UNNEST('[' || repeat(v || ',', 2000) || '1]') u");
    CAPTURE(sql);
    const auto answer = test::run_query(sql, rows, {}, limits);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::limit_exceeded);
    CHECK(answer.error().context ==
          "text made for one batch of rows needs more than the query's 4 MiB of memory");
}

TEST_CASE("text that was needed for a batch alone is no burden to the next", "[exec]") {
    const auto rows = many(20'000);
    exec::Limits limits;
    limits.memory_bytes_max = 4U << 20U;
    const auto one = [&](const char* sql) {
        const auto answer = test::run_query(sql, rows, {}, limits);
        return answer ? answer.value().rows.back() : answer.error().context;
    };
    // 20,000 times 1 kB, and as many pairs or elements of one batch
    CHECK(one("SELECT sum(length(repeat(device, 500))) FROM s") == "[20000000]");
    CHECK(one("SELECT count(*) FROM s a JOIN (SELECT 'd1' AS device FROM s LIMIT 20) b ON "
              "a.device = b.device AND repeat(a.device, 500) <> ''") == "[57140]");
    CHECK(one("SELECT count(*) FROM (SELECT v FROM s LIMIT 200) x, UNNEST('[1,2,3,4,5,6,7,8,9,0]') "
              "u WHERE repeat('x', 1000) <> ''") == "[2000]");
}

TEST_CASE("the first rows of many are found within a small bound", "[exec]") {
    const auto rows = many(60'000);
    exec::Limits limits;
    limits.memory_bytes_max = 1U << 20U;
    const auto answer =
        test::run_query("SELECT v FROM s ORDER BY v DESC LIMIT 2 OFFSET 1", rows, {}, limits);
    REQUIRE(answer);
    CHECK(answer.value().rows == std::vector<std::string>{"[59998]", "[59997]"});
    const auto latest =
        test::run_query("SELECT count(*) FROM TABLE('t/+' KEY payload)", many(7), {}, limits);
    REQUIRE(latest);
    CHECK(latest.value().rows == std::vector<std::string>{"[7]"});
}

TEST_CASE("answers go across batches", "[exec]") {
    const auto rows = many(5'000);
    const auto one = [&](const char* sql) {
        const auto answer = test::run_query(sql, rows, {});
        return answer ? answer.value().rows.back() : answer.error().context;
    };
    CHECK(one("SELECT count(*), sum(v) FROM s") == "[5000,12497500]");
    CHECK(one("SELECT count(*) FROM (SELECT v FROM s LIMIT 4000 OFFSET 900) x") == "[4000]");
    CHECK(one("SELECT count(*), min(a.v) FROM s a JOIN s b ON a.v = b.v") == "[5000,0]");
    CHECK(one("SELECT count(*) FROM s a JOIN s b ON a.device = b.device WHERE a.v < 7") ==
          "[5000]");
    CHECK(one("SELECT count(*) FROM s a LEFT JOIN s b ON a.v = b.v + 4999") == "[5000]");
    CHECK(one("SELECT sum(n) FROM (SELECT device, count(*) n FROM s GROUP BY device) x") ==
          "[5000]");
    CHECK(one("SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY v) AS n FROM s) x") ==
          "[5000]");
    CHECK(one("SELECT count(*), sum(n) FROM (SELECT window_start, count(*) n FROM s GROUP BY "
              "HOP(2s, 1s)) x") == "[6,10000]");
    CHECK(one("SELECT count(*) FROM s, UNNEST('[1,2,3]') u") == "[15000]");
}

TEST_CASE("a query ends past its deadline and when it is cancelled", "[exec]") {
    const auto rows = many(3'000);
    exec::Limits late;
    late.deadline_ms = -1;
    const auto timed_out = test::run_query("SELECT count(*) FROM s", rows, {}, late);
    REQUIRE_FALSE(timed_out);
    CHECK(timed_out.error().code == Errc::limit_exceeded);
    std::stop_source stop;
    stop.request_stop();
    exec::Limits stopped;
    stopped.stop = stop.get_token();
    const auto cancelled = test::run_query("SELECT count(*) FROM s", rows, {}, stopped);
    REQUIRE_FALSE(cancelled);
    CHECK(cancelled.error().code == Errc::closed);
}

TEST_CASE("an item that is named often is refused before its copies fill the memory", "[exec]") {
    std::string item = "v";
    for (int i = 0; i < 150; ++i) item += " + 1";
    std::string often = "x > 0";
    for (int i = 0; i < 150; ++i) often += " AND x > 0";
    const auto sql = GENERATE_COPY(
        "SELECT " + item + " AS x, count(*) FROM s GROUP BY v HAVING " + often,
        "SELECT " + item + " AS x FROM s ORDER BY " + often,
        "SELECT " + item + " AS x, row_number() OVER () AS n FROM s QUALIFY " + often);
    const auto answer = test::run_query(sql, many(1), {});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == Errc::limit_exceeded);
}
