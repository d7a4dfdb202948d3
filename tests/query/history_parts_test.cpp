// Goal: aggregates that history has counted already give the answers that its rows and the log's
// give. Method: messages as devices send them at their worst, told to a store in steps with seals
// and restarts in between; questions are asked of parts, of rows and of the log. Numbers may differ
// by rounding alone, since they are added in another order.
#include "query/history_site.hpp"

#include <cmath>
#include <cstdlib>
#include <string_view>

using namespace holdfast;
using namespace holdfast::test;

namespace {

// Answered by parts; keys come first, so that sorted lines stand beside each other.
const Lines kByParts{
    "SELECT count(n), sum(n), avg(n), min(n), max(n), avg(temp), sum(temp), count(*) FROM "
    "telemetry",
    "SELECT device, count(*), count(temp), sum(temp), avg(temp), min(temp), max(temp), avg(n) "
    "FROM telemetry GROUP BY device",
    "SELECT device, time_bucket(1d, ts) AS t, avg(n), max(n), sum(temp) FROM telemetry "
    "GROUP BY device, t",
    "SELECT date_trunc('month', ts) AS t, min(n), max(n), count(door.open) FROM telemetry "
    "GROUP BY t",
    "SELECT time_bucket(36h, ts) AS t, date_trunc('day', ts) AS u, count(temp) FROM telemetry "
    "GROUP BY t, u",
    "SELECT device, window_start, window_end, sum(n) FROM telemetry GROUP BY device, TUMBLE(2d)",
    "SELECT device, count(*), avg(temp) FROM telemetry WHERE temp IS NOT NULL GROUP BY device",
    "SELECT device, sum(n) FROM telemetry WHERE ts >= '2024-09-20' AND ts < '2024-10-01' "
    "GROUP BY device",
    "SELECT device, sum(n) FROM telemetry WHERE ts BETWEEN '2024-09-20' AND '2024-10-01' "
    "GROUP BY device",
    "SELECT upper(device) AS d, max(n) FROM telemetry WHERE device LIKE '%1' OR device > 'd3' "
    "GROUP BY d HAVING max(n) > 9",
    "SELECT device, max(n) - min(n) AS spread FROM telemetry WHERE device IN ('d1', 'd2', 'no') "
    "GROUP BY device ORDER BY spread DESC, device LIMIT 1",
    "SELECT count(*), sum(m) FROM (SELECT device, time_bucket(1h, ts) AS h, avg(n) AS m "
    "FROM telemetry GROUP BY device, h)",
    "SELECT count(list) FROM telemetry",
    "SELECT avg(nobody_has_it), count(nobody_has_it) FROM telemetry",
};

// Rows are needed.
const Lines kByRows{
    "SELECT device, avg(n) FROM telemetry WHERE temp > 5 GROUP BY device",
    "SELECT device, avg(n) FROM telemetry WHERE temp IS NOT NULL GROUP BY device",
    "SELECT temp, avg(n) FROM telemetry GROUP BY temp",
    "SELECT device, ts, avg(n) FROM telemetry GROUP BY device, ts",
    "SELECT date_part('hour', ts) AS h, avg(n) FROM telemetry GROUP BY h",
    "SELECT date_trunc('day', ts, 'Europe/Berlin') AS t, avg(n) FROM telemetry GROUP BY t",
    "SELECT device, count(DISTINCT n) FROM telemetry GROUP BY device",
    "SELECT device, avg(n) FILTER (WHERE n > 3) FROM telemetry GROUP BY device",
    "SELECT device, median(n), avg(n + 1) FROM telemetry GROUP BY device",
    "SELECT quantile(temp, 0.3), quantile_cont(temp, 0.95), median(n) FROM telemetry",
    "SELECT device, sum(n), stddev(temp), max(n) FROM telemetry WHERE n > 20 AND temp > 0 "
    "GROUP BY device",
    "SELECT window_start, sum(n) FROM telemetry GROUP BY HOP(2d, 1d)",
    "SELECT avg(list[1].x) FROM telemetry",
    "SELECT a.device, avg(a.n) FROM telemetry a JOIN telemetry b ON a.n = b.n GROUP BY a.device",
};

bool near(std::string_view left, std::string_view right) {
    if (left == right) return true;
    char* left_end = nullptr;
    char* right_end = nullptr;
    const std::string a(left);
    const std::string b(right);
    const double x = std::strtod(a.c_str(), &left_end);
    const double y = std::strtod(b.c_str(), &right_end);
    return !a.empty() && !b.empty() && *left_end == 0 && *right_end == 0 &&
           std::abs(x - y) <= 1e-12 * std::max(std::abs(x), std::abs(y));
}

// Cells of lines as append_json() writes them; none of them holds a comma.
std::vector<std::string> cells(const Lines& lines) {
    std::vector<std::string> out;
    for (const std::string& line : lines) {
        out.emplace_back();
        for (const char each : line.substr(1, line.size() - 2)) {
            if (each == ',') {
                out.emplace_back();
            } else {
                out.back() += each;
            }
        }
    }
    return out;
}

Collected ask(const HistorySite& site, std::string sql, const std::string& relation) {
    constexpr std::string_view kName = " telemetry";
    for (std::size_t at = 0; (at = sql.find(kName, at)) != std::string::npos; at += kName.size())
        sql.replace(at + 1, kName.size() - 1, relation);
    Collected found = site.ask(sql);
    std::sort(found.lines.begin(), found.lines.end());
    return found;
}

void check_same(const Collected& left, const Collected& right) {
    CHECK(left.mismatches == right.mismatches);
    REQUIRE(left.lines.size() == right.lines.size());
    const auto a = cells(left.lines);
    const auto b = cells(right.lines);
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (near(a[i], b[i])) continue;
        CAPTURE(left.lines, right.lines);
        CHECK(a[i] == b[i]);
    }
}

bool is_by_parts(const HistorySite& site, const std::string& sql) {
    const Lines lines = site.rows("EXPLAIN " + sql);
    return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
        return line.find("aggregates from history") != std::string::npos;
    });
}

// What parts say is what rows say, and what the log does. Of numbers among texts min and max depend
// on the order of rows, which is another in the log.
void check_question(HistorySite& site, const std::string& question, bool is_told) {
    CAPTURE(question);
    const Collected by_parts = ask(site, question, "telemetry");
    const Collected told = is_told ? ask(site, question, "telemetry@history") : by_parts;
    site.settings.counts_in_history = false;
    check_same(by_parts, ask(site, question, "telemetry"));
    if (is_told) check_same(told, ask(site, question, "telemetry@history"));
    site.settings.counts_in_history = true;
    if (question.find("max(temp)") == std::string::npos)
        check_same(by_parts, ask(site, question, "telemetry@log"));
}

} // namespace

TEST_CASE("aggregates that history has counted say what rows say", "[query][history]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 4));
    CAPTURE(seed);
    HistorySite site;
    MessyDevices devices(seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 4; ++round) {
        for (PartitionIndex index : {0U, 1U}) {
            std::vector<KeyedValue> records;
            for (std::size_t i = random() % 40; i > 0; --i)
                records.push_back(devices.next(index, false));
            if (!records.empty()) site.append(index, records);
            for (std::size_t steps = random() % 3; steps > 0; --steps) site.tell(index);
        }
        if (random() % 3 == 0) REQUIRE(site.history.store->seal_all());
        if (random() % 4 == 0) site.history.reopen();
        for (const std::string& question : kByParts) check_question(site, question, false);
    }
    site.tell_all();
    REQUIRE(site.history.store->seal_all());
    for (const std::string& question : kByParts) check_question(site, question, true);
    for (const std::string& question : kByRows) check_question(site, question, true);
}

TEST_CASE("EXPLAIN says whether history has counted what is asked", "[query][history]") {
    HistorySite site;
    site.append(
        0,
        {{"a", R"({"ts": 1728000000, "n": 1, "temp": 2, "list": [1], "door": {"open": true}})"}});
    site.tell_all();
    REQUIRE(site.history.store->seal_all());
    for (const std::string& question : kByParts) {
        CAPTURE(question);
        if (question.find("nobody_has_it") != std::string::npos) continue;
        CHECK(is_by_parts(site, question));
    }
    for (const std::string& question : kByRows) {
        CAPTURE(question);
        CHECK_FALSE(is_by_parts(site, question));
    }
    const auto analyzed =
        site.rows("EXPLAIN ANALYZE SELECT device, avg(n) FROM telemetry GROUP BY device");
    REQUIRE(analyzed.size() >= 2);
    CHECK_THAT(analyzed[1], Catch::Contains("aggregates from history: 1 headers, 0 chunks"));
}

TEST_CASE("first and last of a device are those of its times", "[query][history]") {
    HistorySite site;
    site.append(0, {{"a", R"({"ts": 1728000002, "n": 2})"},
                    {"a", R"({"ts": 1728000001, "n": 1})"},
                    {"b", R"({"ts": 1728000003, "n": "text"})"},
                    {"b", R"({"ts": 1728000004, "n": 4})"},
                    {"a", R"({"ts": 1728000005, "other": 5})"}});
    site.tell_all();
    REQUIRE(site.history.store->seal_all());
    const std::string sql =
        "SELECT device, first(n), last(n) FROM telemetry@history GROUP BY device ORDER BY device";
    REQUIRE(is_by_parts(site, sql));
    CHECK(site.rows(sql) == Lines{R"(["a",1,2])", R"(["b","text",4])"});
}
