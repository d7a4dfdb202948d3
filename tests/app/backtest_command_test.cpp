// Goal: `holdfast backtest` scores a file, finds its model by file or by name, and says what is
// wrong where it cannot. Method: the program itself on files in a temporary directory.
#include "app/server_process.hpp"
#include "support/temp_dir.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

using namespace holdfast::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

const char* const kModel = "name: pump\nkind: seasonal_range\nsource: telemetry\nfields: [flow]\n";
constexpr int kRows = 4 * 144; // days of a row each ten minutes
constexpr int kJump = 500;     // beyond the warm-up of 60 hours

std::string read(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Starts at midnight; one value stands out.
std::string series() {
    std::string text = "when,flow,note\n";
    for (int i = 0; i < kRows; ++i)
        text += fmt::format("{},{},\"a, b\"\n", 1'600'041'600'000 + i * 600'000LL,
                            i == kJump ? 90 : i % 5);
    return text;
}

struct Files {
    TempDir directory;
    std::string model = path("pump.yaml");
    std::string config = path("site.yaml");
    std::string input = path("in.csv");
    std::string output = path("out.csv");

    explicit Files(const std::string& csv = series(), const std::string& yaml = kModel) {
        write_file(model, yaml);
        write_file(config, "streams: {telemetry: {}}\nmodels: [pump.yaml]\n");
        write_file(input, csv);
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (directory.path() / name).string();
    }
    [[nodiscard]] Outcome run(const std::vector<std::string>& more = {}) const {
        return run_with(model, input, output, more);
    }
    [[nodiscard]] static Outcome run_with(const std::string& model, const std::string& input,
                                          const std::string& output,
                                          const std::vector<std::string>& more = {}) {
        std::vector<std::string> words{"backtest", "--model",  model, "--input",
                                       input,      "--output", output};
        words.insert(words.end(), more.begin(), more.end());
        return run_holdfast(words);
    }
};

void check_refused(const Outcome& outcome, const std::string& file, const std::string& reason) {
    CAPTURE(reason);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.output == "");
    CHECK_THAT(outcome.errors, StartsWith("holdfast backtest: " + file) && Contains(reason));
}

} // namespace

TEST_CASE("a recorded file is scored without a server", "[app][backtest]") {
    const Files files;
    const auto outcome = files.run();
    CHECK(outcome.errors == "");
    CHECK(outcome.exit_code == 0);
    CHECK_THAT(outcome.output, StartsWith(fmt::format("{} rows scored, 1 alarms raised, ", kRows)));
    const std::string scores = read(files.output);
    CHECK_THAT(scores, StartsWith("when,flow,score,alarm,details\n1600041600000,0,0,,\n"));
    const auto raise = fmt::format("\n{},90,", 1'600'041'600'000 + kJump * 600'000LL);
    const auto at = scores.find(raise);
    REQUIRE(at != std::string::npos);
    CHECK_THAT(scores.substr(at + 1, scores.find('\n', at + 1) - at),
               Contains(",raised,\"{\"\"") && Contains("\"\"signal\"\":\"\"flow\"\""));
    CHECK(scores.find(",raised,") == scores.rfind(",raised,"));
}

TEST_CASE("options name the columns of a back-test", "[app][backtest]") {
    const Files files("n,a,b\n1,2,1600000000000\n2,5,1600000600000\n");
    const auto outcome = files.run({"--time", "b", "--fields", "a"});
    CHECK(outcome.exit_code == 0);
    CHECK(read(files.output) ==
          "b,a,score,alarm,details\n1600000000000,2,0,,\n1600000600000,5,0,,\n");
}

TEST_CASE("labels tell how good a model is", "[app][backtest]") {
    std::string text = "when,flow,wrong\n";
    for (int i = 0; i < kRows; ++i)
        text += fmt::format("{},{},{}\n", 1'600'041'600'000 + i * 600'000LL,
                            i == kJump ? 90 : i % 5, i == kJump ? "true" : "0");
    const Files files(text);
    const auto outcome = files.run({"--label", "wrong"});
    CHECK(outcome.exit_code == 0);
    CHECK_THAT(outcome.output, Contains("1 of 1 labelled rows found") && Contains("ROC-AUC 1.000"));
    const std::string before = read(files.output);
    REQUIRE_FALSE(before.empty());
    check_refused(files.run({"--label", "none"}), files.input, "there is no column 'none'");
    // Every row says the same of itself: nobody knows before the last one.
    write_file(files.input, "when,flow,wrong\n1600000000000,2,0\n1600000600000,2,0\n");
    check_refused(files.run({"--label", "wrong"}), files.input, "column 'wrong': ");
    CHECK(read(files.output) == before);
    CHECK_FALSE(std::filesystem::exists(files.output + ".new"));
    check_refused(Files("when,flow,wrong\n1600000000000,2,0\n").run({"--label", "wrong"}), "",
                  "column 'wrong': ");
}

TEST_CASE("a model is back-tested by its name in a configuration", "[app][backtest]") {
    const Files files;
    REQUIRE(files.run().exit_code == 0);
    const std::string expected = read(files.output);
    REQUIRE(expected.size() > kRows);
    const auto named = files.path("named.csv");
    const auto outcome = Files::run_with("pump", files.input, named, {"-c", files.config});
    CHECK(outcome.errors == "");
    CHECK(outcome.exit_code == 0);
    CHECK(read(named) == expected);

    check_refused(Files::run_with("fan", files.input, named, {"-c", files.config}), files.config,
                  "has no model 'fan'");
    check_refused(Files::run_with("pump", files.input, named), "the default configuration",
                  "has no model 'pump'");
    check_refused(Files::run_with("pump", files.input, named, {"-c", files.path("no.yaml")}),
                  files.path("no.yaml"), "No such file");
    write_file(files.config, "streams: {telemetry: {}}\nmodels: [pump.yaml]\ncolour: red\n");
    check_refused(Files::run_with("pump", files.input, named, {"-c", files.config}),
                  files.config + ":3: colour: ", "unknown key");
    CHECK(read(named) == expected);
}

TEST_CASE("files of a back-test that cannot be used are named", "[app][backtest]") {
    const Files files;
    check_refused(Files::run_with(files.model, files.path("no.csv"), files.output),
                  files.path("no.csv"), "No such file");
    check_refused(Files::run_with(files.model, files.path("."), files.output), files.path("."),
                  "cannot read");
    check_refused(Files::run_with(files.path("no.yaml"), files.input, files.output),
                  files.path("no.yaml"), "No such file");
    check_refused(Files::run_with(files.model, files.input, files.path("no/out.csv")),
                  files.path("no/out.csv"), "No such file");
    check_refused(Files::run_with(files.model, files.input, "/dev/full"), "/dev/full",
                  "cannot write");
    check_refused(Files::run_with(files.model, files.input, files.input), files.input, "input");
    CHECK(read(files.input) == series()); // and is not damaged
    CHECK(run_holdfast({"backtest", "--model", files.model}).exit_code != 0);
}

TEST_CASE("a model file with a mistake stops a back-test by its place", "[app][backtest]") {
    const Files broken("ts,flow\n", "name: [pump\n");
    check_refused(broken.run(), broken.model + ":", "");
    const Files unknown("ts,flow\n", std::string(kModel) + "colour: red\n");
    check_refused(unknown.run(), unknown.model + ":5: colour: ", "unknown key");
    const Files kind("ts,flow\n",
                     "name: pump\nkind: crystal_ball\nsource: telemetry\nfields: [flow]\n");
    check_refused(kind.run(), kind.model, "crystal_ball");
    const Files option("ts,flow\n",
                       "name: pump\nkind: seasonal_range\nsource: s\nfields: [flow]\n"
                       "options: {slack: 7}\n");
    check_refused(option.run(), option.model + ":5: ", "slack");
}

TEST_CASE("a recorded file with a mistake stops a back-test by its line", "[app][backtest]") {
    const auto refused = [](const std::string& csv, const std::string& reason,
                            const std::vector<std::string>& more = {}) {
        const Files files(csv);
        check_refused(files.run(more), files.input + ": ", reason);
    };
    refused("", "no header");
    refused("ts,flow\n1600000000000,1\n", "line 1: there is no column 'when'", {"--time", "when"});
    refused("ts,flow\n1600000000000,1\n", "line 1: there is no column 'speed'",
            {"--fields", "speed"});
    refused("ts,speed\n1600000000000,1\n", "line 1: there is no column 'flow'");
    refused("ts,flow\n1600000000000,1\nsoon,2\n", "line 3: 'soon' is not a time");
    refused("ts,flow\n1600000000000,1,9\n", "line 2: 3 cells");
}
