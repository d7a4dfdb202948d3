// Goal: a backup of a server under load restores to a server that has every record acknowledged
// before it; half a backup, a damaged one and one in the wrong place are refused. Method: the
// program itself; files of the backup harmed one after the other.
#include "app/site.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace holdfast::test;
using Catch::Contains;
using Catch::StartsWith;
namespace fs = std::filesystem;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: off, http: "127.0.0.1:0"}
log_level: error
streams: {telemetry: {partitions: 1}}
bridge: [{topic: "#", stream: telemetry}]
)";
const char* const kRecords = "/api/v1/streams/telemetry/records?limit=10000";

const char* const kHistoryConfig = R"(
listeners: {mqtt: off, http: "127.0.0.1:0"}
log_level: error
streams: {telemetry: {partitions: 2}}
bridge: [{topic: "{device}", stream: telemetry, device: "{device}"}]
history: {enabled: true}
)";

struct BackedUp {
    explicit BackedUp(const char* config = kConfig) : site(config) {}

    Site site;
    TempDir place;
    std::unique_ptr<ServerProcess> server = site.start();
    std::string url = fmt::format("http://127.0.0.1:{}", server->port("http"));

    [[nodiscard]] fs::path backup() const { return place.path() / "backup"; }
    [[nodiscard]] fs::path restored() const { return place.path() / "restored"; }
    [[nodiscard]] Outcome back_up() const {
        return run_holdfast({"backup", backup().string(), "--url", url});
    }
    [[nodiscard]] Outcome restore() const {
        return run_holdfast({"restore", backup().string(), "--data-dir", restored().string()});
    }
};

void publish(Socket& http, int value) {
    REQUIRE(
        http_post(http, "/api/v1/publish/a", "application/json", fmt::to_string(value)).status ==
        200);
}

// The numbers of a stream's records, in order: 0, 1, and so on, or the test fails.
int count_of(std::uint16_t port) {
    Socket http(port);
    const auto lines = http_get(http, kRecords).body;
    const auto count = static_cast<int>(std::count(lines.begin(), lines.end(), '\n'));
    std::size_t at = 0;
    for (int i = 0; i < count; ++i) {
        at = lines.find(fmt::format("\"value\":{},", i), at);
        if (at == std::string::npos) FAIL("record " << i);
    }
    return count;
}

// Until so many rows are in history.
void wait_for_history(Socket& http, int rows) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    const std::string expected = fmt::format("[{}]", rows);
    for (std::string body; body.find(expected) == std::string::npos;) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        body = http_post(http, "/api/v1/query", "text/plain",
                         "SELECT count(n) AS rows FROM telemetry@history")
                   .body;
    }
}

void flip(const fs::path& path, std::uintmax_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 4));
}

} // namespace

TEST_CASE("a backup under load restores what was acknowledged before it", "[app][backup]") {
    BackedUp at;
    std::atomic<int> acknowledged{0};
    std::atomic<bool> is_over{false};
    std::thread writer([&] {
        Socket http(at.server->port("http"));
        while (!is_over) publish(http, acknowledged++);
    });
    while (acknowledged < 300) std::this_thread::yield();
    const int before = acknowledged - 1; // the last one counted may be under way
    const auto outcome = at.back_up();
    is_over = true;
    writer.join();
    CHECK(outcome.errors == "");
    REQUIRE(outcome.exit_code == 0);
    CHECK_THAT(outcome.output,
               StartsWith(fmt::format("{{\"directory\":\"{}\",\"files\":", at.backup().string())));
    CHECK_FALSE(fs::exists(at.site.data_dir() / "log.checkpoint"));

    const auto restored = at.restore();
    CHECK(restored.errors == "");
    REQUIRE(restored.exit_code == 0);
    ServerProcess second(
        {"serve", "-c", at.site.config_file().string(), "--data-dir", at.restored().string()});
    REQUIRE(second.wait_until_ready());
    const int count = count_of(second.port("http"));
    CHECK(count >= before);
    Socket http(second.port("http"));
    publish(http, count);
    CHECK(count_of(second.port("http")) == count + 1);
    // What the second server writes stays out of the backup.
    second.signal(SIGTERM);
    CHECK(second.wait() == 0);
    fs::remove_all(at.restored());
    CHECK(at.restore().exit_code == 0);
}

TEST_CASE("a backup that is not whole, or not as it was, is not restored", "[app][backup]") {
    BackedUp at;
    {
        Socket http(at.server->port("http"));
        for (int i = 0; i < 50; ++i) publish(http, i);
    }
    REQUIRE(at.back_up().exit_code == 0);
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(at.backup() / "log"))
        files.push_back(entry.path());
    REQUIRE(files.size() >= 4);
    for (const fs::path& file : files) {
        const auto size = fs::file_size(file);
        if (size == 0) continue;
        CAPTURE(file);
        flip(file, size / 2);
        auto outcome = at.restore();
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors, Contains(file.string() + " is not as it was backed up"));
        flip(file, size / 2);
        const fs::path away = at.place.path() / "away";
        fs::rename(file, away);
        outcome = at.restore();
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors, Contains(file.string()));
        fs::rename(away, file);
        CHECK(fs::is_empty(at.restored()));
    }
    const auto manifest = at.backup() / "backup.json";
    std::string text;
    {
        std::ifstream in(manifest);
        std::getline(in, text);
    }
    write_file(manifest, "{\"format\":4}");
    CHECK_THAT(at.restore().errors, Contains("is of format 4, this version reads up to 3"));
    write_file(manifest, text.substr(0, text.size() / 2));
    CHECK_THAT(at.restore().errors, Contains(manifest.string() + ": not JSON"));
    write_file(manifest,
               R"({"format":1,"created_ms":1,"files":[{"name":"../x","bytes":1,"crc32c":1}]})");
    CHECK_THAT(at.restore().errors, Contains("'../x' is not a file's name"));
    fs::remove(manifest);
    CHECK_THAT(at.restore().errors, Contains("is not a backup, or not a whole one"));
    write_file(manifest, text);
    CHECK(at.restore().exit_code == 0);
    CHECK_THAT(at.restore().errors,
               Contains(at.restored().string() + " is there and not an empty directory"));
}

TEST_CASE("a backup holds history, and restores beside its log or without it",
          "[app][backup][history]") {
    BackedUp at(kHistoryConfig);
    Socket http(at.server->port("http"));
    for (int i = 0; i < 100; ++i)
        REQUIRE(http_post(http, fmt::format("/api/v1/publish/d{}", i % 3), "application/json",
                          fmt::format("{{\"n\":{}}}", i))
                    .status == 200);
    wait_for_history(http, 100);
    REQUIRE(at.back_up().exit_code == 0);
    CHECK(fs::exists(at.backup() / "history" / "CURRENT"));
    CHECK_FALSE(fs::exists(at.site.data_dir() / "history.checkpoint"));
    REQUIRE(at.restore().exit_code == 0);
    CHECK(fs::exists(at.restored() / "history" / "CURRENT"));
    {
        ServerProcess second(
            {"serve", "-c", at.site.config_file().string(), "--data-dir", at.restored().string()});
        REQUIRE(second.wait_until_ready());
        Socket again(second.port("http"));
        wait_for_history(again, 100);
        second.signal(SIGTERM);
        CHECK(second.wait() == 0);
    }
    fs::remove_all(at.restored());
    for (const auto& entry : fs::directory_iterator(at.backup() / "history")) {
        const auto size = fs::file_size(entry);
        if (size == 0) continue;
        flip(entry, size / 2);
        const auto outcome = at.restore();
        CHECK(outcome.exit_code == 1);
        CHECK_THAT(outcome.errors, Contains(entry.path().string() + " is not as it was backed up"));
        flip(entry, size / 2);
    }
}

TEST_CASE("a backup goes to an empty place outside of the data", "[app][backup]") {
    BackedUp at;
    Socket http(at.server->port("http"));
    const auto ask = [&](const std::string& body) {
        return http_post(http, "/api/v1/backup", "application/json", body);
    };
    const auto directory = [](const fs::path& path) {
        return fmt::format("{{\"directory\":\"{}\"}}", path.string());
    };
    CHECK(ask("").status == 400);
    CHECK(ask("{}").status == 400);
    CHECK(ask(R"({"directory":7})").status == 400);
    CHECK_THAT(ask(R"({"directory":"here"})").body, Contains("not an absolute path"));
    CHECK_THAT(ask(directory(at.site.data_dir() / "x")).body, Contains("in the data directory"));
    CHECK_THAT(ask(directory(at.site.data_dir() / "log" / ".." / "x")).body,
               Contains("in the data directory"));
    CHECK(ask(directory("/proc/none/x")).status == 503);
    fs::create_directory(at.backup());
    write_file(at.backup() / "other", "x");
    CHECK(ask(directory(at.backup())).status == 409);
    CHECK(fs::exists(at.backup() / "other"));
    fs::remove(at.backup() / "other");
    CHECK(ask(directory(at.backup())).status == 200);
    CHECK(at.back_up().exit_code == 1);
    CHECK_THAT(at.back_up().errors, Contains("not an empty directory"));
    CHECK_THAT(http_get(http, "/metrics").body, Contains("holdfast_backups_total 1\n"));
}
