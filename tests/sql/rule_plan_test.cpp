// Goal: rules of the served dialect are understood; everything else is refused by position and
// name, and no text, however hostile, costs more than bounded memory and stack.
#include <holdfast/sql/rule_plan.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;

namespace {

std::string error_of(const std::string& sql) {
    const auto plan = sql::plan_rule(sql);
    return plan ? "served" : plan.error().context;
}
Errc code_of(const std::string& sql) {
    const auto plan = sql::plan_rule(sql);
    REQUIRE_FALSE(plan);
    return plan.error().code;
}

} // namespace

TEST_CASE("a whole rule is understood", "[sql]") {
    const auto plan = sql::plan_rule(R"(
        -- overheating
        create or replace rule heat AS
        SELECT device, avg(c.engine.temp) AS t, max(speed) v, window_end AS ts, count(*)
        FROM 'car/+/obd' AS c EVENT TIME at.ms WATERMARK 5s LATE TO 'late/obd'
        WHERE speed >= 0 AND topic_level(1) <> 'x' /* all */
        GROUP BY device, TUMBLE(10s) HAVING count(*) > 2
        ALARM 'overheat' PER device SEVERITY CASE WHEN t > 130 THEN 'critical' ELSE 'warning' END
          RAISE WHEN t > 110 AND v > 0 FOR 20s CLEAR WHEN t < 100 FOR INTERVAL '1' MINUTE
        THEN PUBLISH 'hot/${device}/x${t}' QOS 1 THEN APPEND hot_cars;)");
    REQUIRE(plan);
    const auto& rule = plan.value();
    CHECK(rule.name == "heat");
    CHECK(rule.or_replace);
    CHECK(rule.from_filter());
    CHECK(rule.source().name == "car/+/obd");
    CHECK(rule.watermark_us == 5'000'000);
    CHECK(rule.late_topic == "late/obd");
    REQUIRE(rule.select.window);
    CHECK(rule.select.window->size_us == 10'000'000);
    CHECK(rule.select.keys.size() == 3);
    REQUIRE(rule.item_names.size() == 5);
    CHECK(rule.item_names[2] == "v");
    CHECK(rule.item_names[4] == "count");
    CHECK(rule.select.aggregates.size() == 4);
    CHECK(rule.fields()[rule.ts_field].path.to_string() == "at.ms");
    CHECK(rule.reads_payload);
    REQUIRE(rule.alarm);
    CHECK(rule.alarm->raise_for_us == 20'000'000);
    CHECK(rule.alarm->clear_for_us == 60'000'000);
    REQUIRE(rule.actions.size() == 2);
    CHECK(rule.actions[0].topic.size() == 4);
    CHECK(rule.actions[0].qos == 1);
    CHECK(rule.actions[1].stream == "hot_cars");
    CHECK(rule.text.starts_with("create or replace"));
    CHECK(rule.text.ends_with("hot_cars"));
}

TEST_CASE("names mean columns of the record, members of the payload, or items", "[sql]") {
    const auto fields = [](const std::string& item) {
        const auto plan = sql::plan_rule("CREATE RULE r AS SELECT " + item + " AS x FROM s c");
        REQUIRE(plan);
        return plan.value().fields().back();
    };
    CHECK(fields("topic").kind == column::FieldKind::topic);
    CHECK(fields("\"topic\"").to_string() == "topic");
    CHECK(fields("\"topic\"").kind == column::FieldKind::path);
    CHECK(fields("payload.topic").kind == column::FieldKind::path);
    CHECK(fields("payload").kind == column::FieldKind::payload);
    CHECK(fields("c.a[0].b").to_string() == "a[0].b");
    CHECK(fields("c").to_string() == "c");
    CHECK(fields("c[1]").to_string() == "c[1]");
    CHECK(fields("a[-1]").to_string() == "a[-1]");
    CHECK(fields("topic_level(-2)").to_string() == "topic_level(-2)");
    const auto bare = sql::plan_rule("CREATE RULE r AS SELECT a.b, 1 + 1, arr[3] FROM s");
    REQUIRE(bare);
    CHECK(bare.value().item_names[0] == "b");
    CHECK(bare.value().item_names[1] == "column2");
    CHECK(bare.value().item_names[2] == "arr");
}

TEST_CASE("what is not served yet is refused by name and position", "[sql]") {
    struct Row {
        const char* sql;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"CREATE RULE r AS SELECT avg(a) FROM s GROUP BY device, HOP(10s, 5s)",
         "line 1, column 56: HOP windows are not served yet"},
        {"CREATE RULE r AS SELECT a FROM s GROUP BY device,\n SESSION(10s)",
         "line 2, column 2: SESSION windows are not served yet"},
        {"CREATE RULE r AS SELECT a FROM s GROUP BY device",
         "line 1, column 49: GROUP BY without TUMBLE(...) is not served yet"},
        {"CREATE RULE r AS SELECT count(*) FROM s GROUP BY TUMBLE(1s)",
         "line 1, column 60: GROUP BY without device is not served yet"},
        {"CREATE RULE r AS SELECT count(*) FROM s GROUP BY topic, TUMBLE(1s)",
         "line 1, column 50: GROUP BY other than device, TUMBLE(...) is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s GROUP BY device, TUMBLE(1d, TZ 'x')",
         "line 1, column 60: TUMBLE with TZ is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s JOIN t ON a = b",
         "line 1, column 34: joins are not served yet"},
        {"CREATE RULE r AS SELECT a FROM s, t",
         "line 1, column 33: more than one source is not served yet"},
        {"CREATE RULE r AS SELECT a FROM (SELECT 1)",
         "line 1, column 32: sub-queries are not served yet"},
        {"CREATE RULE r AS SELECT a FROM TABLE('x' KEY id)",
         "line 1, column 32: TABLE() is not served yet"},
        {"CREATE RULE r AS SELECT a FROM UNNEST(x)", "line 1, column 32: UNNEST is not served yet"},
        {"CREATE RULE r AS SELECT * FROM s", "line 1, column 25: SELECT * is not served yet"},
        {"CREATE RULE r AS SELECT DISTINCT a FROM s",
         "line 1, column 25: SELECT DISTINCT is not served yet"},
        {"CREATE RULE r AS WITH x AS (SELECT 1) SELECT a FROM s",
         "line 1, column 18: WITH is not served yet"},
        {"CREATE RULE r PRIORITY 9 AS SELECT a FROM s",
         "line 1, column 15: PRIORITY is not served yet"},
        {"CREATE OR REPLACE KEEP STATE RULE r AS SELECT a FROM s",
         "line 1, column 19: KEEP STATE is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s MATCH (x)",
         "line 1, column 34: MATCH patterns are not served yet"},
        {"CREATE RULE r AS SELECT a FROM s ABSENCE BY device FOR 5m",
         "line 1, column 34: ABSENCE is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s LIMIT 1 PER device EVERY 5m",
         "line 1, column 34: LIMIT is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s DEDUPLICATE BY a WITHIN 1s",
         "line 1, column 34: DEDUPLICATE is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s ORDER BY a",
         "line 1, column 34: ORDER BY is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s THEN WEBHOOK 'http://x'",
         "line 1, column 39: THEN WEBHOOK is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s THEN PUBLISH 'x' RETAIN",
         "line 1, column 51: RETAIN is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s THEN PUBLISH 'x' QOS 2",
         "line 1, column 55: QOS 2 is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s ON ERROR SKIP",
         "line 1, column 34: ON ERROR is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s FROM EARLIEST",
         "line 1, column 34: a start position is not served yet"},
        {"CREATE RULE r AS SELECT predict('m', a) FROM s",
         "line 1, column 25: function predict() is not served yet"},
        {"CREATE RULE r AS SELECT lag(a) OVER (PARTITION BY b) FROM s",
         "line 1, column 32: lag() with OVER is not served yet"},
        {"CREATE RULE r AS SELECT count(DISTINCT a) FROM s GROUP BY device, TUMBLE(1s)",
         "line 1, column 31: count(DISTINCT ...) is not served yet"},
        {"CREATE RULE r AS SELECT a FROM s WHERE a IN (SELECT 1)",
         "line 1, column 46: sub-queries are not served yet"},
        {"CREATE RULE r AS SELECT a FROM s WHERE EXISTS (SELECT 1)",
         "line 1, column 40: sub-queries are not served yet"},
        {"SELECT a FROM s", "line 1, column 1: a query outside of CREATE RULE is not served yet"},
    }));
    CAPTURE(row.sql);
    CHECK(error_of(row.sql) == row.error);
    CHECK(code_of(row.sql) == Errc::not_supported);
}

TEST_CASE("a mistake is named where it stands", "[sql]") {
    struct Row {
        const char* sql;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"", "line 1, column 1: CREATE RULE is expected"},
        {"DROP RULE r", "line 1, column 1: CREATE is expected, not 'DROP'"},
        {"CREATE RULE", "line 1, column 12: a rule name is expected, not the end"},
        {"CREATE RULE \"a/b\" AS SELECT 1 FROM s",
         "line 1, column 13: a rule name has at most 100 of the characters a-z A-Z 0-9 . _ -"},
        {"CREATE RULE r AS SELECT FROM s",
         "line 1, column 25: an expression is expected, not 'FROM'"},
        {"CREATE RULE r AS SELECT a +",
         "line 1, column 28: an expression is expected, not the end"},
        {"CREATE RULE r AS SELECT (a FROM s", "line 1, column 28: ')' is expected, not 'FROM'"},
        {"CREATE RULE r AS SELECT a.+ FROM s",
         "line 1, column 27: a name after '.' is expected, not '+'"},
        {"CREATE RULE r AS SELECT a[x] FROM s",
         "line 1, column 27: a whole number is expected, not 'x'"},
        {"CREATE RULE r AS SELECT 'abc FROM s", "line 1, column 25: this quote does not end"},
        {"CREATE RULE r AS SELECT a /* FROM s", "line 1, column 27: this comment does not end"},
        {"CREATE RULE r AS SELECT a ? b FROM s",
         "line 1, column 27: the character 0x3f is not expected"},
        {"CREATE RULE r AS SELECT 5x FROM s",
         "line 1, column 25: 'x' is no unit of time; say ms, s, m, h or d"},
        {"CREATE RULE r AS SELECT 1e999 FROM s", "line 1, column 25: this number is out of range"},
        {"CREATE RULE r AS SELECT 99999999999999d FROM s",
         "line 1, column 25: this duration is too long"},
        {"CREATE RULE r AS SELECT a, b AS a FROM s",
         "line 1, column 28: two items are called 'a': name one with AS"},
        {"CREATE RULE r AS SELECT nosuch(a) FROM s",
         "line 1, column 25: there is no function nosuch()"},
        {"CREATE RULE r AS SELECT abs(a, b) FROM s",
         "line 1, column 25: abs() takes 1 to 1 arguments"},
        {"CREATE RULE r AS SELECT avg(a) FROM s",
         "line 1, column 25: avg() needs GROUP BY device, TUMBLE(...)"},
        {"CREATE RULE r AS SELECT a FROM s GROUP BY device, TUMBLE(1s)",
         "line 1, column 25: column 'a' must stand in GROUP BY or in an aggregate"},
        {"CREATE RULE r AS SELECT topic_level(1) FROM s GROUP BY device, TUMBLE(1s)",
         "line 1, column 25: topic_level() must stand in an aggregate in a rule with GROUP BY"},
        {"CREATE RULE r AS SELECT topic_level(a) FROM s",
         "line 1, column 25: topic_level(n) takes one whole number"},
        {"CREATE RULE r AS SELECT avg(sum(a)) FROM s GROUP BY device, TUMBLE(1s)",
         "line 1, column 29: the aggregate sum() may not stand here"},
        {"CREATE RULE r AS SELECT avg(a, b) FROM s GROUP BY device, TUMBLE(1s)",
         "line 1, column 25: avg() takes one argument"},
        {"CREATE RULE r AS SELECT a FROM s GROUP BY device, TUMBLE(0s)",
         "line 1, column 58: a duration lies between 1us and 366d"},
        {"CREATE RULE r AS SELECT a FROM s GROUP BY device, TUMBLE(10)",
         "line 1, column 58: a duration such as 10s is expected, not '10'"},
        {"CREATE RULE r AS SELECT a FROM s WATERMARK INTERVAL 'x' SECOND",
         "line 1, column 44: INTERVAL wants a whole number in quotes"},
        {"CREATE RULE r AS SELECT a FROM s WATERMARK INTERVAL '9' YEAR",
         "line 1, column 57: SECOND, MINUTE, HOUR or DAY is expected, not 'YEAR'"},
        {"CREATE RULE r AS SELECT a FROM s LATE TO 'x'",
         "line 1, column 32: LATE TO needs a window: without one no record is late"},
        {"CREATE RULE r AS SELECT a FROM s HAVING a > 1",
         "line 1, column 43: HAVING needs GROUP BY"},
        {"CREATE RULE r AS SELECT a FROM s ALARM 'x' PER device RAISE WHEN a > 1",
         "line 1, column 71: CLEAR is expected, not the end"},
        {"CREATE RULE r AS SELECT a FROM s THEN APPEND s",
         "line 1, column 46: the rule would read its own output in 's'"},
        {"CREATE RULE r AS SELECT a FROM s THEN PUBLISH 'x/${a'",
         "line 1, column 47: ${ without }"},
        {"CREATE RULE r AS SELECT a FROM s THEN PUBLISH 'x/${1}'",
         "line 1, column 47: ${1} is no column"},
        {"CREATE RULE r AS SELECT a FROM s THEN PUBLISH 'x/#'",
         "line 1, column 47: a topic to publish to holds no + or #"},
        {"CREATE RULE r AS SELECT a FROM s; CREATE RULE q AS SELECT a FROM s",
         "one CREATE RULE is expected, not several"},
        {"CREATE RULE r AS SELECT a FROM s nonsense nonsense",
         "line 1, column 43: the next clause or the end is expected, not 'nonsense'"},
    }));
    CAPTURE(row.sql);
    CHECK(error_of(row.sql) == row.error);
}

TEST_CASE("hostile texts are refused within their bounds", "[sql]") {
    const auto wrapped = [](const std::string& e) {
        return "CREATE RULE r AS SELECT " + e + " FROM s";
    };
    const auto repeat = [](const char* part, int times) {
        std::string out;
        for (int i = 0; i < times; ++i) out += part;
        return out;
    };
    CHECK(code_of(wrapped(repeat("(", 15'000))) == Errc::limit_exceeded);
    CHECK(code_of(wrapped(repeat("NOT ", 15'000))) == Errc::limit_exceeded);
    CHECK(code_of(wrapped(repeat("- ", 15'000))) == Errc::limit_exceeded);
    CHECK(code_of(wrapped(repeat("+ ", 15'000))) == Errc::limit_exceeded);
    CHECK(code_of(wrapped(repeat("abs(", 5'000))) == Errc::limit_exceeded);
    CHECK(code_of(wrapped(repeat("CASE WHEN ", 5'000))) == Errc::limit_exceeded);
    CHECK(code_of(wrapped("1" + repeat(" + 1", 5'000))) == Errc::limit_exceeded);
    CHECK(code_of(wrapped("1" + repeat(" || 1", 5'000))) == Errc::limit_exceeded);
    CHECK(code_of(wrapped("a" + repeat(" IS NULL", 5'000))) == Errc::limit_exceeded);
    CHECK(code_of(wrapped("a" + repeat(".a", 5'000))) == Errc::limit_exceeded);
    CHECK(code_of(wrapped("1" + repeat(", 1", 5'000))) == Errc::limit_exceeded);
    CHECK(code_of(wrapped(repeat("a ", 30'000))) == Errc::limit_exceeded);
    CHECK(code_of(std::string(sql::kSqlBytesMax + 1, ' ')) == Errc::limit_exceeded);
    CHECK(code_of("CREATE RULE \xff") == Errc::malformed);
    CHECK(code_of(wrapped("'" + repeat("long ", 14'000) + "'")) == Errc::limit_exceeded);
    CHECK(code_of("CREATE RULE r AS SELECT a FROM s" + repeat(" THEN APPEND t", 17)) ==
          Errc::limit_exceeded);
}

TEST_CASE("a file holds any number of rules", "[sql]") {
    const auto rules =
        sql::parse_rules(";CREATE RULE a AS SELECT 1 FROM s;;\nCREATE RULE b AS SELECT 2 FROM s");
    REQUIRE(rules);
    REQUIRE(rules.value().size() == 2);
    CHECK(rules.value()[1].name == "b");
    CHECK(rules.value()[1].text == "CREATE RULE b AS SELECT 2 FROM s");
    CHECK(sql::parse_rules(" -- nothing\n").value().empty());
}

TEST_CASE("HAVING names items, whose copies are bounded", "[sql]") {
    const auto plan = sql::plan_rule(
        "CREATE RULE r AS SELECT avg(v) + 1 AS a FROM s GROUP BY device, TUMBLE(1s) "
        "HAVING a > 2 AND count(*) > 1");
    REQUIRE(plan);
    const auto& select = plan.value().select;
    CHECK(select.aggregates.size() == 2); // an item's aggregate is computed once
    CHECK(select.having->args[0]->args[0]->kind == sql::ExpressionKind::arithmetic);
    CHECK(select.hidden.size() == 3 + 2);

    std::string item = "1";
    for (int i = 0; i < 150; ++i) item += " + 1";
    std::string having = "a > 0";
    for (int i = 0; i < 150; ++i) having += " AND a > 0";
    CHECK(code_of("CREATE RULE r AS SELECT " + item + " AS a FROM s GROUP BY device, TUMBLE(1s) " +
                  "HAVING " + having) == Errc::limit_exceeded);
}

TEST_CASE("FILTER stands behind an aggregate of a rule, and only there", "[sql]") {
    const auto plan = sql::plan_rule(
        "CREATE RULE r AS SELECT avg(v) FILTER (WHERE w > 2) AS a FROM s GROUP BY device, "
        "TUMBLE(1s)");
    REQUIRE(plan);
    REQUIRE(plan.value().select.aggregates[0].filter);
    CHECK(plan.value().fields().back().to_string() == "w");
    CHECK(error_of("CREATE RULE r AS SELECT abs(v) FILTER (WHERE w > 2) AS a FROM s") ==
          "line 1, column 48: abs() is no aggregate, so it takes no FILTER");
    CHECK(error_of("CREATE RULE r AS SELECT sum(v) FILTER (WHERE count(*) > 2) AS a FROM s "
                   "GROUP BY device, TUMBLE(1s)") ==
          "line 1, column 46: the aggregate count() may not stand here");
}
