// Goal: `holdfast log` shows a data directory truthfully, beside its server and without it, and
// says what is wrong with what was asked. Method: the programs themselves.
#include "app/server_process.hpp"
#include "app/socket.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

using namespace holdfast::test;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

namespace {

struct Site {
    TempDir directory;
    std::string config = (directory.path() / "config.yaml").string();
    std::string data = (directory.path() / "data").string();
    std::unique_ptr<ServerProcess> server;

    Site() {
        write_file(config,
                   "listeners: {mqtt: \"127.0.0.1:0\", http: \"127.0.0.1:0\"}\n"
                   "streams: {cars: {partitions: 1, compression: lz4}}\n"
                   "bridge: [{topic: \"car/{id}\", stream: cars, device: \"{id}\"}]\n");
        server = std::make_unique<ServerProcess>(
            std::vector<std::string>{"serve", "-c", config, "--data-dir", data});
        REQUIRE(server->wait_until_ready());
        Socket http(server->port("http"));
        for (const char* payload : {"1", "2", "3"})
            REQUIRE(http_post(http, "/api/v1/publish/car/c1", "application/json", payload).status ==
                    200);
    }
    void stop() const {
        server->signal(SIGTERM);
        CHECK(server->wait() == 0);
    }
    [[nodiscard]] Outcome run(std::vector<std::string> words) const {
        words.insert(words.begin(), "log");
        words.insert(words.end(), {"--data-dir", data});
        return run_holdfast(words);
    }
};

// Flips a bit where `text` stands last in the file; false where it does not.
bool flip_last(const std::filesystem::path& file, const std::string& text) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(stream)),
                              std::istreambuf_iterator<char>());
    const auto at = content.rfind(text);
    if (at == std::string::npos) return false;
    stream.clear();
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(content[at] ^ 1));
    return stream.good();
}

} // namespace

TEST_CASE("the log is shown beside its server and without it", "[app][log]") {
    const Site site;
    const bool is_running = GENERATE(true, false);
    if (!is_running) site.stop();

    const auto streams = site.run({"ls"});
    CHECK(streams.exit_code == 0);
    CHECK(streams.errors == "");
    CHECK_THAT(streams.output, StartsWith("stream ") && Contains("\ncars ") && Contains(" lz4\n"));

    const auto all = site.run({"read", "cars"});
    CHECK(all.exit_code == 0);
    CHECK_THAT(all.output, StartsWith(R"({"partition":0,"offset":0,)") &&
                               Contains(R"("key":"c1")") &&
                               Contains(R"("topic":"car/c1","value":3)"));
    const auto one = site.run({"read", "cars", "--offset", "1", "--limit", "1"});
    CHECK_THAT(one.output, StartsWith(R"({"partition":0,"offset":1,)"));
    CHECK(std::count(one.output.begin(), one.output.end(), '\n') == 1);
    CHECK(site.run({"read", "cars", "--offset", "3"}).output == "");
    CHECK(site.run({"read", "cars", "--from", "99999999999999"}).output == "");

    CHECK_THAT(site.run({"dump", "cars", "--limit", "1"}).output,
               StartsWith("offsets 0-0 records 1 bytes ") && Contains(" compression ") &&
                   Contains(" producer -1 "));
    const auto verified = site.run({"verify"});
    CHECK(verified.exit_code == 0);
    CHECK_THAT(verified.output, Contains(" 3 records, ") && EndsWith("; 0 damaged places\n"));
}

TEST_CASE("holdfast log refuses what is not there", "[app][log]") {
    const Site site;
    site.stop();
    const auto refused = [&](const std::vector<std::string>& words, const std::string& why) {
        const auto outcome = site.run(words);
        CHECK(outcome.exit_code == 1);
        CHECK(outcome.output == "");
        CHECK_THAT(outcome.errors, Contains(why));
    };
    refused({"read", "boats"}, "there is no stream 'boats'");
    refused({"read", "cars", "--partition", "1"}, "partitions 0 to 0");
    refused({"read", "cars", "--offset", "9"}, "offset 9 is outside 0 to 3");
    const auto nowhere = run_holdfast({"log", "ls", "--data-dir", site.data + "/none"});
    CHECK(nowhere.exit_code == 1);
    CHECK_THAT(nowhere.errors, Contains("there is no log in"));
}

TEST_CASE("holdfast log verify finds a damaged file", "[app][log]") {
    const Site site;
    site.stop();
    // The bytes of the last record, wherever they lie: in the write-ahead log or in a table.
    bool is_damaged = false;
    for (const auto& file : std::filesystem::directory_iterator(site.data + "/log"))
        is_damaged = flip_last(file.path(), "car/c1") || is_damaged;
    REQUIRE(is_damaged);
    const auto verified = site.run({"verify"});
    CHECK(verified.exit_code == 1);
    CHECK_THAT(verified.output + verified.errors, Contains("damage") || Contains("orrupt"));
}
