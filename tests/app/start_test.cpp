// Goal: a server that cannot start says why in words and ends with 1. Method: the program itself,
// on directories, ports and configs that are wrong in one way each.
#include "app/site.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>

using namespace holdfast::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

const char* const kFreePorts = "listeners: {mqtt: \"127.0.0.1:0\", http: \"127.0.0.1:0\"}\n";

// Starts once and stops, so that there is something to damage.
void start_and_stop(const Site& site) {
    const auto server = site.start();
    server->signal(SIGTERM);
    REQUIRE(server->wait() == 0);
}

// The file of the log that carries the column families and what has been written when.
std::filesystem::path manifest(const Site& site) {
    for (const auto& entry : std::filesystem::directory_iterator(site.data_dir() / "log"))
        if (entry.path().filename().string().starts_with("MANIFEST")) return entry.path();
    return {};
}

// Read-only as long as the object lives.
class ReadOnly {
public:
    explicit ReadOnly(std::filesystem::path directory) : directory_(std::move(directory)) {
        allow(false);
    }
    ~ReadOnly() { allow(true); }
    ReadOnly(const ReadOnly&) = delete;
    ReadOnly& operator=(const ReadOnly&) = delete;

private:
    void allow(bool writing) {
        std::filesystem::permissions(
            directory_, std::filesystem::perms::owner_write,
            writing ? std::filesystem::perm_options::add : std::filesystem::perm_options::remove);
    }
    std::filesystem::path directory_;
};

} // namespace

TEST_CASE("a data directory serves one server at a time", "[app][start]") {
    const Site site(kFreePorts);
    const auto first = site.start();
    const auto second = run_holdfast(site.serve_arguments());
    CHECK(second.exit_code == 1);
    CHECK_THAT(second.errors, Contains(site.data_dir().string()) && Contains("lock"));
    CHECK_THAT(second.errors, Contains(fmt::format("process {}", first->pid())));
    CHECK(first->is_running());
}

TEST_CASE("a data directory that cannot be used is named", "[app][start]") {
    const Site site(kFreePorts);
    SECTION("a file stands in the way") {
        write_file(site.data_dir(), "not a directory");
        const auto outcome = run_holdfast(site.serve_arguments());
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors, Contains(site.data_dir().string()));
    }
    SECTION("it cannot be made") {
        const ReadOnly parent(site.directory());
        const auto outcome = run_holdfast(site.serve_arguments());
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors,
                   Contains(site.data_dir().string()) && Contains("Permission denied"));
    }
    SECTION("it is read-only") {
        start_and_stop(site);
        const ReadOnly log(site.data_dir() / "log");
        const auto outcome = run_holdfast(site.serve_arguments());
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors,
                   Contains(site.data_dir().string()) && Contains("Permission denied"));
    }
}

TEST_CASE("data that this version cannot read is left alone", "[app][start]") {
    const Site site(kFreePorts);
    start_and_stop(site);
    SECTION("a newer version wrote it") {
        write_file(site.data_dir() / "log" / "FORMAT", "holdfast log format 9\n");
        const auto outcome = run_holdfast(site.serve_arguments());
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors, Contains("format 9") && Contains(site.data_dir().string()));
    }
    SECTION("the format file is no such thing") {
        write_file(site.data_dir() / "log" / "FORMAT", "\xff\xfe");
        const auto outcome = run_holdfast(site.serve_arguments());
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors, Contains("FORMAT"));
    }
    SECTION("the database's own table of contents is damaged") {
        const auto file = manifest(site);
        REQUIRE(std::filesystem::exists(file));
        write_file(file, "damaged");
        const auto outcome = run_holdfast(site.serve_arguments());
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors, Contains(site.data_dir().string()));
    }
}

TEST_CASE("a port that is taken is named", "[app][start]") {
    const auto* listener = GENERATE("mqtt", "http");
    const Site first(kFreePorts);
    const auto server = first.start();
    const auto port = server->port(listener);
    const auto* other = std::string(listener) == "mqtt" ? "http" : "mqtt";
    const Site second(
        fmt::format("listeners: {{{}: \"127.0.0.1:{}\", {}: off}}\n", listener, port, other));
    const auto outcome = run_holdfast(second.serve_arguments());
    CHECK(outcome.exit_code == 1);
    CHECK_THAT(outcome.errors,
               Contains(fmt::format("127.0.0.1:{}", port)) && Contains("Address already in use"));
    CHECK_THAT(outcome.output, !Contains("ready"));
}

TEST_CASE("check tells every mistake with its line and key", "[app][start]") {
    const Site site(
        "listeners: {mqtt: \"127.0.0.1:99999\"}\n"
        "streams:\n"
        "  telemetry: {partitions: 0}\n"
        "colour: red\n");
    const std::string file = site.config_file().string();
    const auto checked = run_holdfast({"check", "-c", file});
    CHECK(checked.exit_code == 1);
    CHECK_THAT(checked.errors, Contains(file + ":1: listeners.mqtt: "));
    CHECK_THAT(checked.errors, Contains(file + ":3: streams.telemetry: ") &&
                                   Contains("partitions must be 1 to 10000"));
    CHECK_THAT(checked.errors, Contains(file + ":4: colour: "));
    const auto served = run_holdfast(site.serve_arguments());
    CHECK(served.exit_code == 1);
    CHECK(served.errors == checked.errors);
    CHECK_FALSE(std::filesystem::exists(site.data_dir()));
}

TEST_CASE("check is silent about nothing: no file, broken text, a good one", "[app][start]") {
    SECTION("no such file") {
        const auto outcome = run_holdfast({"check", "-c", "/nonexistent/site.yaml"});
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors, Contains("/nonexistent/site.yaml"));
    }
    SECTION("no YAML") {
        const Site site("streams: [unclosed\n");
        const auto outcome = run_holdfast({"check", "-c", site.config_file().string()});
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors, Contains(site.config_file().string() + ":"));
    }
    SECTION("all is well") {
        const Site site(kFreePorts);
        const auto outcome = run_holdfast({"check", "-c", site.config_file().string()});
        CHECK(outcome.exit_code == 0);
        CHECK_THAT(outcome.output, Contains("ok"));
    }
}

TEST_CASE("check and serve warn of a setting of history that does nothing", "[app][start]") {
    const Site site(std::string(kFreePorts) +
                    "history: {enabled: false}\n"
                    "streams:\n"
                    "  telemetry: {history: {retention: 30d}}\n"
                    "  events: {history: off}\n");
    const auto checked = run_holdfast({"check", "-c", site.config_file().string()});
    CHECK(checked.exit_code == 0);
    CHECK_THAT(checked.output, Contains("ok"));
    CHECK_THAT(checked.errors, Contains("warning: " + site.config_file().string() + ":") &&
                                   Contains("streams.telemetry: history.retention has no effect: "
                                            "history.enabled is false") &&
                                   !Contains("events"));
}

TEST_CASE("a rule file with a mistake stops the start, by file and place", "[app][start]") {
    const Site site(fmt::format("{}rules: [bad.sql]\n", kFreePorts));
    write_file(site.directory() / "bad.sql", "CREATE RULE r AS SELEKT device FROM 'a/#';\n");
    const auto outcome = run_holdfast(site.serve_arguments());
    CHECK(outcome.exit_code == 1);
    CHECK_THAT(outcome.errors, Contains("bad.sql:1:18: "));
}

TEST_CASE("what check passes serve does not refuse, and the other way round", "[app][start]") {
    struct Row {
        const char* what;
        const char* config;
        const char* file;
        const char* text;
        const char* says;
    };
    const auto row = GENERATE(values<Row>({
        {"a pattern", "bridge:\n  - {topic: 'a/{b', stream: events}", "", "",
         "site.yaml:3: bridge[0]: "},
        {"a capture", "bridge:\n  - {topic: 'a/{b}', stream: events, device: '{c}'}", "", "",
         "site.yaml:3: bridge[0]: "},
        {"retention", "streams: {events: {retention: {time: 0}}}", "", "",
         "site.yaml:2: streams.events: "},
        {"retention", "streams: {events: {retention: {bytes: 0}}}", "", "",
         "site.yaml:2: streams.events: "},
        {"a size", "streams: {events: {message_bytes_max: 65MiB}}", "", "",
         "site.yaml:2: streams.events: "},
        {"a ratio", "streams: {events: {dirty_ratio_min: 2}}", "", "",
         "site.yaml:2: streams.events: "},
        {"SQL", "rules: [r.sql]", "r.sql", "\nCREATE RULE r AS SELEKT", "r.sql:2:18: "},
        {"a name", "rules: [r.sql]", "r.sql", "CREATE RULE r AS SELECT f(a) FROM 'x'",
         "r.sql:1:25: "},
        {"a filter", "rules: [r.sql]", "r.sql", "CREATE RULE r AS SELECT a FROM '#/a'",
         "r.sql:1:32: "},
        {"a source", "rules: [r.sql]", "r.sql", "CREATE RULE r AS SELECT a FROM none",
         "r.sql:1:32: "},
        {"a target", "rules: [r.sql]", "r.sql",
         "CREATE RULE r AS SELECT a FROM 'x' THEN APPEND none",
         "r.sql:1:48: there is no stream 'none'"},
        {"two of a name", "rules: [r.sql]", "r.sql",
         "CREATE RULE r AS SELECT a FROM 'x';\nCREATE RULE r AS SELECT b FROM 'x'",
         "r.sql:2: rule 'r' is also in"},
        {"a mark", "rules: [r.sql]", "r.sql",
         "\xEF\xBB\xBF"
         "CREATE RULE r AS SELECT a FROM 'x'",
         "r.sql:1:1: a byte order mark"},
        {"a quote", "rules: [r.sql]", "r.sql", "CREATE RULE r AS SELECT a FROM \u2018x\u2019",
         "r.sql:1:32: a typographic quote stands here; say '"},
        {"a kind", "models: [m.yaml]", "m.yaml",
         "name: m\nsource: events\nfields: [v]\nkind: guess\n", "m.yaml:4: kind: "},
        {"fields", "models: [m.yaml]", "m.yaml",
         "name: m\nsource: events\nkind: seasonal_range\nfields: [v, w]\n", "m.yaml:4: fields: "},
        {"a model's stream", "models: [m.yaml]", "m.yaml",
         "name: m\nsource: none\nkind: seasonal_range\nfields: [v]\n", "m.yaml:2: source: "},
        {"an option", "models: [m.yaml]", "m.yaml",
         "name: m\nsource: events\nkind: seasonal_range\nfields: [v]\noptions: {speed: 1}\n",
         "m.yaml:5: options.speed: "},
    }));
    CAPTURE(row.what, row.text);
    const Site site(std::string(kFreePorts) + row.config + "\n");
    if (*row.file != '\0') write_file(site.directory() / row.file, row.text);
    const auto checked = run_holdfast({"check", "-c", site.config_file().string()});
    CHECK(checked.exit_code == 1);
    CHECK_THAT(checked.errors, Contains(row.says));
    const auto served = run_holdfast(site.serve_arguments());
    CHECK(served.exit_code == 1);
    CHECK(served.errors == checked.errors);
    CHECK_FALSE(std::filesystem::exists(site.data_dir()));
}

TEST_CASE("a command line that is wrong is told what is wrong, with exit code 2", "[app][start]") {
    struct Row {
        std::vector<std::string> arguments;
        const char* says;
    };
    const auto row = GENERATE(values<Row>({
        {{"serv"}, "'serv' is no command; did you mean 'serve'?"},
        {{"rule", "tset"}, "'tset' is no command of 'rule'; did you mean 'test'?"},
        {{"log", "frobnicate"}, "'frobnicate' is no command of 'log'; there are ls, read"},
        {{"check"}, "--config is required"},
        {{"serve", "--colour", "red"}, "--colour"},
        {{}, "serve"},
    }));
    const auto outcome = run_holdfast(row.arguments);
    CHECK(outcome.exit_code == 2);
    CHECK_THAT(outcome.errors, Contains(row.says));
}

TEST_CASE("the program says its version", "[app][start]") {
    const auto outcome = run_holdfast({"--version"});
    CHECK(outcome.exit_code == 0);
    CHECK_THAT(outcome.output, StartsWith("holdfast 0."));
    CHECK(run_holdfast({"--help"}).exit_code == 0);
}

TEST_CASE("too few open files for a server are said at the start", "[app][start]") {
    const Site site(kFreePorts);
    std::string limited = "ulimit -n 60; exec " HOLDFAST_PROGRAM;
    for (const std::string& argument : site.serve_arguments()) limited += " '" + argument + "'";
    Child server({"/bin/sh", "-c", limited});
    CHECK(server.wait() == 1);
    CHECK_THAT(server.errors(), Contains("60 open files"));
}
