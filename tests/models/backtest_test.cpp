#include <holdfast/models/backtest.hpp>
#include <holdfast/models/csv.hpp>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <sstream>

using namespace holdfast;
using Catch::Matchers::Contains;

namespace {

models::ModelSpec spec_of(const std::string& more = "") {
    return models::parse_model("name: m\nkind: seasonal_range\nsource: s\nfields: [value]\n" + more,
                               "m.yaml")
        .value();
}

struct Run {
    Result<models::BacktestResult> result;
    std::string out;
};
Run run(const std::string& csv, const models::ModelSpec& spec = spec_of(),
        const models::BacktestOptions& options = {}) {
    std::istringstream in(csv);
    std::ostringstream out;
    auto result = models::backtest(spec, options, in, out);
    return {std::move(result), out.str()};
}
Error error_of(const std::string& csv) {
    const auto result = run(csv).result;
    REQUIRE_FALSE(result);
    return result.error();
}

} // namespace

TEST_CASE("a recorded series is scored line by line", "[models]") {
    const Run done =
        run("timestamp,other,value\n2020-01-01 00:00:00,x,1.5\n"
            "2020-01-01 00:05:00,\"y, z\",\n\n2020-01-01T00:10:00Z,,2\r\n");
    REQUIRE(done.result);
    CHECK(done.result.value().rows == 3);
    CHECK(done.result.value().alarms_raised == 0);
    CHECK(done.out ==
          "timestamp,value,score,alarm,details\n"
          "2020-01-01 00:00:00,1.5,0,,\n"
          "2020-01-01 00:05:00,,0,,\n"
          "2020-01-01T00:10:00Z,2,0,,\n");
}

TEST_CASE("semicolons separate where the header has more of them", "[models]") {
    const Run done = run("value;ts\n\"1\";1600000000000\n2;1600000001000\n");
    REQUIRE(done.result);
    CHECK_THAT(done.out, Contains("1600000001000,2,"));
}

TEST_CASE("the time column is the one that was named, else a usual name, else the first",
          "[models]") {
    const std::string csv = "when,ts,value\n2020-01-01,1600000000000,1\n";
    CHECK_THAT(run(csv).out, Contains("ts,value") && Contains("1600000000000,1"));
    CHECK_THAT(run(csv, spec_of(), {.time_column = "when", .device = ""}).out,
               Contains("when,value"));
    CHECK_THAT(run(csv, spec_of("time: when\n")).out, Contains("when,value"));
    CHECK_THAT(run("when,value\n1600000000000,1\n").out, Contains("when,value"));
}

TEST_CASE("a bad line of a recorded series is named", "[models]") {
    CHECK(error_of("").context == "the file has no header");
    CHECK(error_of("ts,other\n1,2\n").context == "line 1: there is no column 'value'");
    CHECK_THAT(error_of("ts,value\n1600000000000,1\n\nsoon,2\n").context,
               Contains("line 4") && Contains("'soon'"));
    CHECK_THAT(error_of("ts,value\n1600000000000\n").context, Contains("line 2: 1 cells"));
    CHECK_THAT(error_of("ts,value\n\"1600000000000,1\n").context,
               Contains("line 2") && Contains("quote"));
    const Error too_long = error_of("ts,value\n" + std::string(1'100'000, '1') + ",1\n");
    CHECK(too_long.code == Errc::limit_exceeded);
    CHECK_THAT(too_long.context, Contains("line 2"));
}

TEST_CASE("cells are quoted as they are written", "[models]") {
    std::istringstream in("\"a,b\",\"say \"\"so\"\"\",,c\n");
    models::CsvReader reader(in);
    std::vector<std::string> cells;
    REQUIRE(reader.next(cells).value());
    CHECK(cells == std::vector<std::string>{"a,b", "say \"so\"", "", "c"});
    CHECK(models::csv_cell("a,b") == "\"a,b\"");
    CHECK(models::csv_cell("say \"so\"") == "\"say \"\"so\"\"\"");
    CHECK(models::csv_cell("plain") == "plain");
    CHECK_FALSE(reader.next(cells).value());
}

TEST_CASE("a jump in a recorded rhythm is raised once, with its reason", "[models]") {
    std::string csv = "ts,value\n";
    for (int step = 0; step < 8 * 144; ++step) // 10 minutes each; by day 1, by night 0
        csv += fmt::format("{},{}\n", 1'600'041'600'000 + step * 600'000LL,
                           step >= 6 * 144 + 20 && step < 6 * 144 + 60 ? 9 : step / 72 % 2);
    const Run done = run(csv);
    REQUIRE(done.result);
    CHECK(done.result.value().rows == 8 * 144);
    CHECK(done.result.value().alarms_raised == 1);
    CHECK(done.result.value().alarms_cleared == 1);
    CHECK_THAT(done.out, Contains(fmt::format("{},9,", 1'600'041'600'000 + 884 * 600'000LL)));
    const std::string raise = done.out.substr(done.out.rfind('\n', done.out.find(",raised,")) + 1);
    CHECK(raise.substr(0, 13) == std::to_string(1'600'041'600'000 + 884 * 600'000LL));
    CHECK_THAT(raise.substr(0, raise.find('\n')),
               Contains("\"\"signal\"\":\"\"value\"\"") && Contains("\"\"expected_high\"\":0"));
}

TEST_CASE("numbers are read as spreadsheets and people write them", "[models]") {
    const auto csv =
        GENERATE(as<std::string>(), "\xEF\xBB\xBFts,value\n1600000000, 1.5\n",
                 "ts, value\n1600000000,+1.5\n", "ts\tvalue\n1600000000\t1.5\n",
                 "\xEF\xBB\xBFvalue,ts\n1.5,1600000000\n", "ts;value\n1600000000;1,5\n",
                 "ts;value\n1600000000;\"1,5\"\n", "ts , value\n 1600000000 ,\"1.5\" \n");
    CAPTURE(csv);
    const Run done = run(csv);
    REQUIRE(done.result);
    CHECK(done.result.value().without_number == std::vector<std::uint64_t>{0});
    CHECK(done.result.value().rows == 1);
}

TEST_CASE("cells that are no number are counted, and a column of them is a mistake", "[models]") {
    const Run some = run("ts,value\n1600000000,1\n1600000001,n/a\n1600000002,\"1,5\"\n");
    REQUIRE(some.result);
    CHECK(some.result.value().without_number == std::vector<std::uint64_t>{2});
    CHECK(error_of("ts,value\n1600000000,\"1,5\"\n1600000001,x\n").context ==
          "column 'value' has no number in any of 2 rows");
    CHECK(run("ts,value\n").result); // nothing is wrong with no rows
}

TEST_CASE("a column whose name has blanks is named as a path names it", "[models]") {
    const auto spec = models::parse_model(
                          "name: m\nkind: seasonal_range\nsource: s\n"
                          "fields: ['\"engine temp\"']\n",
                          "m.yaml")
                          .value();
    const Run done = run("ts, engine temp\n1600000000,1.5\n", spec);
    REQUIRE(done.result);
    CHECK_THAT(done.out, Contains("1600000000,1.5,"));
    CHECK(run("ts,\" engine temp\"\n1600000000,1.5\n", spec).result.error().code ==
          Errc::malformed); // quoted blanks count
}
