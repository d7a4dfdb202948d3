// Goal: `holdfast import` brings a file's rows into stream and history with their own times, each
// once, also where it is broken off, and names those that it does not take. Method: the program
// itself, against its own server.
#include "app/site.hpp"
#include "app/socket.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

using namespace holdfast::test;
using Catch::Contains;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: off, http: "127.0.0.1:0"}
log_level: error
history: {retention: 36500d}
bridge: [{topic: "plant/#", stream: telemetry}]
streams:
  telemetry: {partitions: 1}
  copy: {partitions: 1}
  small: {partitions: 1, message_bytes_max: 1KiB}
)";
constexpr int kRows = 2'500; // blocks have 1,000

std::string read(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Two devices, in 2014.
std::string rows(int count) {
    std::string text = "when,who,temp,state\n";
    for (int i = 0; i < count; ++i)
        text += fmt::format("{},pump-{},{}.5,\"on, {}\"\n", 1'400'000'000 + i, i % 2, i, i);
    return text;
}

class ImportSite {
public:
    ImportSite() : site_(kConfig), server_(site_.start()) {}

    Outcome import(const std::string& csv, const std::string& stream,
                   std::vector<std::string> more = {}) {
        write_file(file("in.csv"), csv);
        return import_again(stream, std::move(more));
    }
    Outcome import_again(const std::string& stream, std::vector<std::string> more = {}) {
        std::vector<std::string> words{
            "import", file("in.csv"), "--stream",
            stream,   "--url",        fmt::format("http://127.0.0.1:{}", server_->port("http"))};
        if (more.empty() || more.front() != "--device")
            more.insert(more.begin(), {"--device", "who", "--time", "when"});
        words.insert(words.end(), more.begin(), more.end());
        return run_holdfast(words);
    }
    [[nodiscard]] std::string query(const std::string& sql) {
        Socket socket(server_->port("http"));
        return http_post(socket, "/api/v1/query?format=csv", "text/plain", sql).body;
    }
    // Asked again until history has it.
    [[nodiscard]] std::string history_when(const std::string& sql, const std::string& expected) {
        for (int patience = 0; patience < 300; ++patience) {
            const auto answer = query(sql);
            if (answer.find(expected) != std::string::npos) return answer;
            Socket quiet(server_->port("http"));
            (void)quiet.is_quiet(50);
        }
        return query(sql);
    }
    [[nodiscard]] std::string exported(const std::string& device, const std::string& stream) {
        const auto outcome = run_holdfast(
            {"query", "--format", "csv", "--url",
             fmt::format("http://127.0.0.1:{}", server_->port("http")),
             fmt::format("SELECT ts AS \"when\", device AS who, temp, state FROM {}@history WHERE "
                         "device = '{}' ORDER BY ts",
                         stream, device)});
        return outcome.output;
    }
    [[nodiscard]] std::string file(const std::string& name) const {
        return (site_.directory() / name).string();
    }

private:
    const Site site_;
    std::unique_ptr<ServerProcess> server_;
};

} // namespace

TEST_CASE("old rows stand in history at their own times", "[app][import]") {
    ImportSite site;
    const auto outcome = site.import(rows(kRows), "telemetry", {"--topic", "plant/{device}"});
    INFO(outcome.errors);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.output == "2500 rows stored in 'telemetry', 0 refused\n");
    CHECK_FALSE(std::filesystem::exists(site.file("in.csv.import")));
    const std::string sql =
        "SELECT count(*) AS n, min(ts) AS a, max(ts) AS b, max(temp) AS t FROM "
        "telemetry@history WHERE device = 'pump-1'";
    CHECK_THAT(site.history_when(sql, "1250"),
               Contains("1250,2014-05-13T16:53:21.000Z,2014-05-13T17:34:59.000Z,2499.5"));
    CHECK_THAT(site.query("SELECT count(*) AS n FROM 'plant/pump-0'"), Contains("1250"));
    // What left comes back: the same cells, from history, into another stream.
    const std::string first = site.exported("pump-0", "telemetry");
    REQUIRE(site.import(first, "copy").exit_code == 0);
    (void)site.history_when("SELECT count(*) AS n FROM copy@history", "1250");
    CHECK(site.exported("pump-0", "copy") == first);
}

TEST_CASE("rows that are refused are told of, each, and cost no other", "[app][import]") {
    ImportSite site;
    const std::string csv =
        "when;who;temp\n1400000000;a;1,5\nsoon;a;2\n1400000001;b;\"x\n"
        "1400000002;a;" +
        std::string(2'000, 'x') + "\n1400000003;a;3\n1400000004;a\n";
    const auto outcome = site.import(csv, "small", {"--refused", site.file("refused.csv")});
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.output == "2 rows stored in 'small', 4 refused\n");
    CHECK(read(site.file("refused.csv")) ==
          "line,reason\n3,'soon' is no time: RFC 3339 or epoch (--time-format)\n4,a quote does "
          "not close\n"
          "5,\"record 0: larger than stream 'small' takes, 1024 bytes\"\n"
          "7,\"2 cells, but 3 columns\"\n");
    CHECK_THAT(site.query("SELECT count(*) AS n, sum(temp) AS s FROM small@log"),
               Contains("2,4.5"));
    CHECK_THAT(site.import(csv, "small").errors, Contains("line 3: 'soon' is no time: RFC 3339"));
}

TEST_CASE("an import that was broken off goes on and stores nothing twice", "[app][import]") {
    ImportSite site;
    // The first block is stored and its state is lost, as if the process had been killed between
    // the two.
    write_file(site.file("in.csv.import"),
               R"({"run":"feed","asked":"stream copy, device who, time when (0), topic '', )"
               R"(1000 rows a block","line":0,"stored":0,"refused":0})");
    REQUIRE(site.import(rows(1'000), "copy").exit_code == 0);
    write_file(site.file("in.csv.import"),
               R"({"run":"feed","asked":"stream copy, device who, time when (0), topic '', )"
               R"(1000 rows a block","line":0,"stored":0,"refused":0})");
    const auto outcome = site.import(rows(kRows), "copy");
    CHECK(outcome.output == "2500 rows stored in 'copy', 0 refused\n");
    CHECK_THAT(site.query("SELECT count(*) AS n FROM copy@log"), Contains("2500"));

    write_file(site.file("in.csv.import"),
               R"({"run":"cafe","asked":"stream copy, device who, time when (0), topic '', )"
               R"(1000 rows a block","line":2001,"stored":2000,"refused":0})");
    CHECK(site.import_again("copy").output == "2500 rows stored in 'copy', 0 refused\n");
    CHECK_THAT(site.query("SELECT count(*) AS n FROM copy@log"), Contains("3000"));

    write_file(site.file("in.csv.import"), R"({"run":"cafe","asked":"stream other","line":1,)"
                                           R"("stored":0,"refused":0})");
    CHECK_THAT(site.import_again("copy").errors, Contains("an import with other options"));
    const std::string mapping = R"("asked":"stream copy, device who, time when (0), topic '', )"
                                R"(1000 rows a block","stored":0,"refused":0)";
    write_file(site.file("in.csv.import"), R"({"run":"b","line":7,"begins":1,)" + mapping + "}");
    CHECK_THAT(site.import_again("copy").errors, Contains("an import of another file"));
    write_file(site.file("in.csv.import"), R"({"run":"b","line":9000,)" + mapping + "}");
    CHECK_THAT(site.import_again("copy").errors, Contains("it is another file"));
    write_file(site.file("in.csv.import"), "{");
    CHECK_THAT(site.import_again("copy").errors, Contains("not a JSON object; remove it"));
}

TEST_CASE("what the server refuses whole ends an import, which may be repeated", "[app][import]") {
    ImportSite site;
    const auto outcome = site.import(rows(10), "none");
    CHECK(outcome.exit_code == 1);
    CHECK_THAT(outcome.errors, Contains("there is no stream 'none'"));
    CHECK(std::filesystem::exists(site.file("in.csv.import")));
    CHECK_THAT(site.import("a,b\n1,2\n", "copy", {"--device", "c", "--time", "a"}).errors,
               Contains("no column 'c'"));
}

TEST_CASE("a dry run says what would be refused and sends nothing", "[app][import]") {
    ImportSite site;
    const auto outcome = site.import(rows(3) + "x,y,z\n", "telemetry", {"--dry-run"});
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.output == "3 rows are right, 1 refused; the server was not asked\n");
    CHECK_THAT(outcome.errors, Contains("line 5: 3 cells, but 4 columns"));
    CHECK_FALSE(std::filesystem::exists(site.file("in.csv.import")));
    CHECK_THAT(site.query("SELECT count(*) AS n FROM telemetry@log"), Contains("0"));
}
