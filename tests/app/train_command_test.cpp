// Goal: `holdfast train` makes a model of docs/training.md's own example, and says what is wrong
// where it cannot. Method: the program itself on lives whose signals rise as they end.
#include "app/server_process.hpp"
#include "support/temp_dir.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace holdfast::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

constexpr int kPumps = 12;

std::string read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// The page's YAML block of the model that is trained from a CSV file.
std::string example() {
    const std::string page = read("docs/training.md");
    const auto from = page.find("```yaml\nname: pump-life\n");
    REQUIRE(from != std::string::npos);
    return page.substr(from + 8, page.find("```", from + 8) - from - 8);
}

// A row an hour; a pump lives 60 hours and two more for each before it.
std::string lives() {
    std::string out = "when,pump,heat,shake,failed\n";
    for (int pump = 0; pump < kPumps; ++pump) {
        const int life = 60 + 2 * pump;
        for (int hour = 0; hour <= life; ++hour)
            out += fmt::format("{},pump-{},{},{},{}\n", 1'700'000'000 + hour * 3600, pump,
                               80.0 - 0.5 * (life - hour), 1 + hour % 3, hour == life ? 1 : 0);
    }
    return out;
}

struct Files {
    TempDir directory;
    std::string pipeline = path("pump-life.yaml");
    std::string csv = path("lives.csv");
    std::string model = path("pump-life.model");

    explicit Files(const std::string& yaml = example(), const std::string& rows = lives()) {
        write_file(pipeline, yaml);
        write_file(csv, rows);
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (directory.path() / name).string();
    }
    [[nodiscard]] Outcome run(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> words{"train", pipeline, "--csv", csv, "--out", model};
        words.insert(words.end(), more.begin(), more.end());
        return run_holdfast(words);
    }
};

} // namespace

TEST_CASE("the example of the page becomes a model, the same each time", "[app][train]") {
    const Files files;
    const auto text = files.run();
    CHECK(text.errors == "");
    REQUIRE(text.exit_code == 0);
    CHECK_THAT(text.output, StartsWith("pump-life: remaining life to failed, seed 1\n") &&
                                Contains("of 12 devices") && Contains("fold 4") &&
                                Contains("<- best") && Contains("%  heat\n"));
    const std::string model = read(files.model);
    CHECK_THAT(model, Contains(example()));
    const auto json = files.run({"--json"});
    REQUIRE(json.exit_code == 0);
    CHECK_THAT(json.output, StartsWith(R"({"name":"pump-life",)") && Contains(R"("devices":12)") &&
                                Contains(R"("residuals":{)"));
    CHECK(read(files.model) == model);
    CHECK(!std::filesystem::exists(files.model + ".new"));
}

TEST_CASE("a training that cannot be says why and leaves the old model", "[app][train]") {
    struct Row {
        std::string yaml;
        std::string csv;
        std::string error;
    };
    const std::string header = "when,pump,heat,shake,failed\n";
    const std::vector<Row> rows{
        {example() + "colour: red\n", lives(), "colour: unknown key"},
        {example() + "settings: {}\n", lives(), "settings: given twice"},
        {example(), "when,pump,heat\n1,a,2\n", "lives.csv: line 1: there is no column 'failed'"},
        {example(), "", "lives.csv: the file has no header"},
        {example(), header + "1,a,2\n", "lives.csv: line 2: 3 cells, but 5 columns"},
        {example(), header + "noon,a,2,3,0\n", "lives.csv: line 2: 'noon' is no time"},
        {example(), header, "none of 0 rows has a target"},
        {example(), header + "1700000000,a,2,3,0\n", "none of 1 rows has a target"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.error);
        const Files files(row.yaml, row.csv);
        write_file(files.model, "old");
        const auto outcome = files.run();
        CHECK(outcome.exit_code == 1);
        CHECK(outcome.output == "");
        CHECK_THAT(outcome.errors, StartsWith("holdfast: ") && Contains(row.error));
        CHECK(read(files.model) == "old");
    }
}

TEST_CASE("without a column of the device all rows are of one", "[app][train]") {
    std::string rows = "t,v,y\n";
    for (int i = 0; i < 40; ++i) rows += fmt::format("{},{},{}\n", 1'700'000'000 + i, i % 7, i % 7);
    const Files files("name: m\ntime: t\nsignals: [v]\ntarget: {column: y}\nalgorithm: linear\n",
                      rows);
    const auto outcome = files.run({"--json"});
    CHECK(outcome.errors == "");
    CHECK(outcome.exit_code == 0);
    CHECK_THAT(outcome.output, Contains(R"("samples":40,"without_target":0,"devices":1,)"));
}

TEST_CASE("a trained model predicts a file's rows without their target", "[app][train]") {
    const Files files;
    REQUIRE(files.run().exit_code == 0);
    const std::string newer = files.path("newer.csv");
    const std::string output = files.path("out.csv");
    write_file(newer, "shake,heat,when,pump\n1,79.9,1700000000,a\n2,50,1700000000,b\n");
    const std::vector<std::string> words{"predict", files.model, "--csv",
                                         newer,     "--output",  output};
    const auto outcome = run_holdfast(words);
    CHECK(outcome.errors == "");
    CHECK(outcome.output == "2 predictions for 2 devices\n");
    double near_end = 0;
    double healthy = 0;
    REQUIRE(std::sscanf(read(output).c_str(),
                        "device,event_ms,prediction\na,1700000000000,%lf\nb,1700000000000,%lf\n",
                        &near_end, &healthy) == 2);
    CHECK(near_end < healthy - 20); // hours; half a degree each

    std::string damaged = read(files.model);
    damaged[damaged.size() / 2] ^= 1;
    write_file(files.model, damaged);
    CHECK_THAT(run_holdfast(words).errors, StartsWith("holdfast: " + files.model + ": "));
    write_file(files.model, "when,pump\n");
    const auto foreign = run_holdfast(words);
    CHECK(foreign.exit_code == 1);
    CHECK_THAT(foreign.errors, StartsWith("holdfast: " + files.model + ": "));
}

TEST_CASE("a model is not written over what it is trained on", "[app][train]") {
    const Files files;
    for (const std::string& input : {files.csv, files.pipeline}) {
        const std::string before = read(input);
        const auto outcome =
            run_holdfast({"train", files.pipeline, "--csv", files.csv, "--out", input});
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors, Contains(input + ": is an input as well"));
        CHECK(read(input) == before);
    }
}

TEST_CASE("a model that cannot be written is no success", "[app][train]") {
    Files files;
    files.model = files.path("no/such/directory.model");
    const auto outcome = files.run();
    CHECK(outcome.exit_code == 1);
    CHECK_THAT(outcome.errors, Contains("cannot write " + files.model));
}
