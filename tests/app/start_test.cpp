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
    CHECK_THAT(checked.errors, Contains(file + ":3: streams.telemetry.partitions: "));
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

TEST_CASE("a rule file with a mistake stops the start, by file and place", "[app][start]") {
    const Site site(fmt::format("{}rules: [bad.sql]\n", kFreePorts));
    write_file(site.directory() / "bad.sql", "CREATE RULE r AS SELEKT device FROM 'a/#';\n");
    const auto outcome = run_holdfast(site.serve_arguments());
    CHECK(outcome.exit_code == 1);
    CHECK_THAT(outcome.errors, Contains("bad.sql") && Contains("line 1"));
}

TEST_CASE("too few open files for a server are said at the start", "[app][start]") {
    const Site site(kFreePorts);
    std::string limited = "ulimit -n 60; exec " HOLDFAST_PROGRAM;
    for (const std::string& argument : site.serve_arguments()) limited += " '" + argument + "'";
    Child server({"/bin/sh", "-c", limited});
    CHECK(server.wait() == 1);
    CHECK_THAT(server.errors(), Contains("60 open files"));
}
