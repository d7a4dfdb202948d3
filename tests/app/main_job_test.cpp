// Goal: the main job on recorded series of real machines: what devices publish over MQTT ends as a
// model's alarms, the same ones as a back-test of the file finds, and near what people labelled.
// Method: the three programs as they are; one parameter set for all series; labels only to score.
#include "app/site.hpp"

#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

// The Numenta Anomaly Benchmark, where somebody has put it.
fs::path nab() {
    const char* directory = std::getenv("HF_DATA_DIR");
    return fs::path(directory != nullptr ? directory : "") / "nab";
}
constexpr std::size_t kOutsideMax = 3;

struct Series {
    const char* device;
    const char* file; // as the labels name it
};
constexpr Series kSeries[] = {
    {"taxi", "realKnownCause/nyc_taxi.csv"},
    {"service", "realKnownCause/ec2_request_latency_system_failure.csv"},
    {"office", "realKnownCause/ambient_temperature_system_failure.csv"},
};

const char* const kConfig = R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: error
streams: {series: {partitions: 2}}
bridge: [{topic: "recorded/{device}/value", stream: series, device: "{device}"}]
models: [range.yaml]
)";
const char* const kModel =
    "name: range\nkind: seasonal_range\nsource: series\ntopic: recorded/+/value\n"
    "fields: [value]\ntime: ts\n";

// An alarm that came or went, at an event time.
struct Change {
    std::string state; // active or cleared
    std::int64_t at_ms = 0;
    friend bool operator==(const Change&, const Change&) = default;
};
std::ostream& operator<<(std::ostream& out, const Change& change) {
    return out << change.state << ' ' << holdfast::column::format_timestamp(change.at_ms * 1'000);
}

std::string read(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::int64_t epoch_ms(const std::string& text) {
    const auto us = holdfast::column::parse_timestamp(text);
    if (!us) throw std::runtime_error("'" + text + "' is not a time");
    return *us / 1'000;
}

// The number behind `"name":`; -1 where there is none.
std::int64_t number_in(const std::string& json, const std::string& name) {
    const auto at = json.find("\"" + name + "\":");
    if (at == std::string::npos) return -1;
    std::int64_t number = -1;
    std::from_chars(json.data() + at + name.size() + 3, json.data() + json.size(), number);
    return number;
}

// The quoted times that follow the file's name, up to the next file's.
std::vector<std::pair<std::int64_t, std::int64_t>> windows_of(const std::string& file) {
    const std::string labels = read(nab() / "windows.json");
    std::vector<std::int64_t> times;
    auto at = labels.find('"' + file + '"');
    if (at == std::string::npos) throw std::runtime_error("no labels of " + file);
    at += file.size() + 2;
    while ((at = labels.find('"', at)) != std::string::npos) {
        const auto end = labels.find('"', at + 1);
        const auto text = labels.substr(at + 1, end - at - 1);
        if (text.ends_with(".csv")) break;
        times.push_back(epoch_ms(text));
        at = end + 1;
    }
    std::vector<std::pair<std::int64_t, std::int64_t>> windows;
    for (std::size_t i = 0; i + 1 < times.size(); i += 2)
        windows.emplace_back(times[i], times[i + 1]);
    return windows;
}

std::int64_t replay(const ServerProcess& server, const Series& series) {
    Child child({HOLDFAST_LOAD_PROGRAM, "replay", (nab() / "data" / series.file).string(),
                 "--topic", fmt::format("recorded/{}/value", series.device), "--speed", "0",
                 "--port", std::to_string(server.port("mqtt"))});
    const int exit_code = child.wait();
    CAPTURE(series.file, child.output(), child.errors());
    REQUIRE(exit_code == 0);
    const auto rows = number_in(child.output(), "rows");
    REQUIRE(rows > 0);
    REQUIRE(number_in(child.output(), "acknowledged") == rows);
    return rows;
}

// True once the model has consumed, and stored what came of, so many rows and all that there are.
// Each look is a request that the server answers.
bool has_scored(Socket& http, std::int64_t rows) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
        const auto model = http_get(http, "/api/v1/models/range").body;
        if (number_in(model, "scored") == rows && number_in(model, "lag") == 0) return true;
    }
    return false;
}

// All changes of the device's alarms, as readers of the stream see them.
std::vector<Change> alarms_by_rest(Socket& http, const std::string& device) {
    std::vector<Change> changes;
    const auto owner = fmt::format("\"device\":\"{}\"", device);
    for (int partition = 0;; ++partition) {
        const auto answer = http_get(
            http, fmt::format("/api/v1/streams/alarms/records?partition={}&offset=0&limit=10000",
                              partition));
        if (answer.status != 200) return changes; // behind the last partition
        for (const std::string& line : lines_of(answer.body)) {
            if (line.find(owner) == std::string::npos) continue;
            const bool is_raised = line.find(R"("state":"active")") != std::string::npos;
            const bool is_worse = line.find(R"("worsened_at":)") != std::string::npos;
            if (is_worse)
                changes.push_back({"worse", number_in(line, "worsened_at")});
            else
                changes.push_back({is_raised ? "active" : "cleared",
                                   number_in(line, is_raised ? "raised_at" : "cleared_at")});
        }
    }
}

std::vector<Change> alarms_by_backtest(const Site& site, const Series& series) {
    const auto scores = site.directory() / (std::string(series.device) + ".csv");
    const auto outcome = run_holdfast({"backtest", "-c", site.config_file().string(), "--model",
                                       "range", "--input", (nab() / "data" / series.file).string(),
                                       "--time", "timestamp", "--output", scores.string()});
    CAPTURE(outcome.errors);
    REQUIRE(outcome.exit_code == 0);
    std::vector<Change> changes;
    for (const std::string& line : lines_of(read(scores))) {
        for (const auto& [cell, state] :
             {std::pair{",raised,", "active"}, {",worse,", "worse"}, {",cleared,", "cleared"}})
            if (line.find(cell) != std::string::npos)
                changes.push_back({state, epoch_ms(line.substr(0, line.find(',')))});
    }
    return changes;
}

void check_against_labels(const Series& series, const std::vector<Change>& changes) {
    const auto windows = windows_of(series.file);
    std::size_t inside = 0;
    std::size_t outside = 0;
    for (const Change& change : changes) {
        if (change.state != "active") continue;
        const bool is_labelled = std::ranges::any_of(windows, [&change](const auto& window) {
            return change.at_ms >= window.first && change.at_ms <= window.second;
        });
        ++(is_labelled ? inside : outside);
    }
    CHECK(inside >= 1);
    CHECK(outside <= kOutsideMax);
}

} // namespace

TEST_CASE("recorded series raise live what a back-test of them raises", "[app][models]") {
    if (!fs::exists(nab() / "windows.json")) {
        WARN("not tested: HF_DATA_DIR names no directory with recorded series");
        return;
    }
    const Site site(kConfig);
    write_file(site.directory() / "range.yaml", kModel);
    const auto server = site.start();
    std::int64_t rows = 0;
    for (const Series& series : kSeries) rows += replay(*server, series);
    Socket http(server->port("http"));
    REQUIRE(has_scored(http, rows));
    for (const Series& series : kSeries) {
        CAPTURE(series.file);
        const auto changes = alarms_by_rest(http, series.device);
        CHECK(changes == alarms_by_backtest(site, series));
        check_against_labels(series, changes);
    }
    server->signal(SIGTERM);
    CHECK(server->wait() == 0);
    CHECK(server->errors() == "");
}
