// Goal: a pipeline's source becomes the query that a person would have written; what is wrong with
// it is said with its line. Method: files as text.
#include "pipeline/plan_of.hpp"

#include <holdfast/pipeline/source.hpp>

using namespace holdfast;
using Catch::Contains;
using test::plan_of;

namespace {

std::string mistake(const std::string& text) {
    auto file = config::parse_pipeline(text, "p.yaml");
    if (!file) return file.error().context;
    const auto plan = pipeline::check_pipeline(std::move(file).value());
    return plan ? "" : plan.error().context;
}

} // namespace

TEST_CASE("a stream and a range become a query", "[pipeline][source]") {
    const auto sql = [](const std::string& source) {
        return pipeline::source_sql(
            plan_of("name: m\nsignals: [v, 'motor.amps[0]']\ntarget: {column: wear}\n"
                    "algorithm: linear\n" +
                    source)
                .file);
    };
    CHECK(sql("source: {stream: telemetry}\n") ==
          R"(SELECT device, ts, "v", "motor"."amps"[0], "wear" FROM "telemetry")");
    CHECK(sql("source: {stream: telemetry, from: '2024-05-01', to: '2024-06-01'}\n") ==
          R"(SELECT device, ts, "v", "motor"."amps"[0], "wear" FROM "telemetry")"
          " WHERE ts >= TIMESTAMP '2024-05-01' AND ts < TIMESTAMP '2024-06-01'");
    CHECK(sql("source: {stream: telemetry, to: '2024-06-01'}\ndevice: machine\ntime: at\n") ==
          R"(SELECT "machine", ts, "v", "motor"."amps"[0], "wear" FROM "telemetry")"
          R"( EVENT TIME "at" WHERE ts < TIMESTAMP '2024-06-01')");
    CHECK(sql("source: {query: 'SELECT * FROM x'}\n") == "SELECT * FROM x");
}

TEST_CASE("what is wrong with a source comes with its line", "[pipeline][source]") {
    struct Row {
        const char* more;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"source: {}", "p.yaml:5: source.stream: is missing, and there is no query"},
        {"source: {query: SELECT 1, from: '2024-05-01'}", "source.from: beside query"},
        {"source: {stream: s, from: yesterday}", "'yesterday' is no time"},
        {"source: {stream: s, from: '2024-05-02', to: '2024-05-01'}", "is no time"},
        {"source: {stream: s, topic: a}", "source.topic: unknown key"},
        {"source: {stream: s}\nalarm: {severity: major}", "either above or below is expected"},
        {"source: {stream: s}\nalarm: {above: much}", "alarm.above: a number is expected"},
        {"source: {stream: s}\nalarm: {above: 1, severity: loud}", "'loud' is none of info, minor"},
        {"source: {stream: s}\ntarget: {column: 'a..b'}", "given twice"},
    }));
    CAPTURE(row.more);
    CHECK_THAT(mistake("name: m\nsignals: [v]\ntarget: {column: y}\nalgorithm: linear\n" +
                       std::string(row.more) + "\n"),
               Contains(row.error));
    CHECK_THAT(mistake("name: m\nsignals: ['a..b']\ntarget: {column: y}\nalgorithm: linear\n"
                       "source: {stream: s}\n"),
               Contains("p.yaml:2: signals: 'a..b': "));
}

TEST_CASE("a source says device and time by itself", "[pipeline][source]") {
    const auto plan = plan_of(
        "name: m\nsignals: [v]\ntarget: {column: y}\nalgorithm: linear\n"
        "source: {stream: s}\nalarm: {below: 24, severity: major}\n");
    CHECK(plan.file.device == "device");
    CHECK(plan.file.time == "ts");
    CHECK(plan.file.alarm.below == 24.0);
    CHECK_FALSE(plan.file.alarm.above);
    CHECK(plan.file.alarm.severity == "major");
}
