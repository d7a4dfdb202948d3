// Goal: on a full disk every door refuses, reads and the API go on, what makes room works without
// room, and writing goes on by itself when there is space again; a start on a full disk works, too.
// Method: the program on a small file system of its own, which other files fill to the last byte.
#include "app/site.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <sys/mount.h>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

using namespace holdfast::test;
using namespace holdfast;
using Catch::Contains;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds kResumeLimit{5};

const char* const kConfig = R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: error
limits: {disk_reserve: 8MiB}
streams: {bulk: {partitions: 1}, keep: {partitions: 1}}
bridge: [{topic: "#", stream: keep}]
)";

// A file system in memory, for as long as it lives. Only root may make one.
class SmallDisk {
public:
    SmallDisk() { is_mounted_ = ::mount("tmpfs", path().c_str(), "tmpfs", 0, "size=96m") == 0; }
    ~SmallDisk() {
        if (is_mounted_) ::umount2(path().c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    [[nodiscard]] bool is_mounted() const noexcept { return is_mounted_; }
    [[nodiscard]] std::filesystem::path path() const { return directory_.path(); }
    [[nodiscard]] std::uintmax_t free_bytes() const {
        return std::filesystem::space(path()).available;
    }
    // Leaves not one byte, also of what is given up meanwhile.
    void fill() {
        for (int i = 0; free_bytes() > 0 || i == 0; ++i) {
            std::ofstream file(path() / fmt::format("foreign-{}-{}", fills_++, i));
            const std::string block(64U << 10U, 'x');
            while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {}
        }
    }

private:
    TempDir directory_;
    bool is_mounted_ = false;
    int fills_ = 0;
};

struct FullSite {
    SmallDisk disk;
    Site site{kConfig};
    std::unique_ptr<ServerProcess> server;

    void start() {
        server = std::make_unique<ServerProcess>(
            std::vector<std::string>{"serve", "-c", site.config_file().string(), "--data-dir",
                                     (disk.path() / "data").string()});
        const bool is_ready = server->wait_until_ready();
        INFO(server->errors());
        REQUIRE(is_ready);
    }
    [[nodiscard]] unsigned publish(const std::string& topic, const std::string& body) const {
        return post("/api/v1/publish/" + topic, "application/json", body);
    }
    [[nodiscard]] unsigned post(const std::string& target, const std::string& type,
                                const std::string& body) const {
        Socket http(server->port("http"));
        return static_cast<unsigned>(http_post(http, target, type, body).status);
    }
    // Until the first refusal; how many were stored. In a stream that nobody else uses, so that it
    // may be deleted.
    [[nodiscard]] int publish_until_full() const {
        const std::string body = '"' + std::string(60'000, 'b') + '"';
        for (int stored = 0; stored < 10'000; ++stored) {
            const unsigned status = post("/api/v1/streams/bulk/records", "text/plain", body);
            if (status == 200) continue;
            CHECK(status == 507);
            return stored;
        }
        FAIL("the disk does not run full");
        return 0;
    }
    // True where a message is taken again within the limit.
    [[nodiscard]] bool resumes() const {
        const auto deadline = Clock::now() + kResumeLimit;
        while (Clock::now() < deadline)
            if (publish("keep/1", "2") == 200) return true;
        return false;
    }
    [[nodiscard]] std::string get(const std::string& target) const {
        Socket http(server->port("http"));
        return http_get(http, target).body;
    }
    void drop_bulk() const {
        Socket http(server->port("http"));
        const auto answer =
            http_send(http, "DELETE /api/v1/streams/bulk HTTP/1.1\r\nHost: localhost\r\n\r\n");
        INFO(answer.body << server->is_running() << server->errors());
        REQUIRE(answer.status == 204);
    }
};

} // namespace

TEST_CASE("a full disk is refused at every door and left by a drop", "[app][disk]") {
    FullSite at;
    if (!at.disk.is_mounted()) {
        WARN("skipped: no file system can be mounted here");
        return;
    }
    at.start();
    REQUIRE(at.publish("keep/1", "1") == 200);
    CHECK(at.publish_until_full() > 500); // of 96 MiB, 60 kB each
    at.disk.fill();

    while (at.publish("keep/1", "1") == 200) {} // until the server looks
    MqttSocket mqtt(at.server->port("mqtt"));
    REQUIRE(mqtt.connect("device", mqtt::Version::v5));
    mqtt.publish("keep/2", "1", mqtt::Qos::at_least_once, 1);
    const auto packet = mqtt.next();
    const bool is_success =
        packet && packet->type == mqtt::PacketType::puback &&
        (packet->body.size() < 3 || std::to_integer<int>(packet->body[2]) < 0x80);
    CHECK_FALSE(is_success);
    CHECK_THAT(at.get("/readyz"), Contains("\"status\":503") && Contains("kept in reserve"));
    CHECK_THAT(at.get("/healthz"), Contains("ok"));
    CHECK_THAT(at.get("/api/v1/streams/keep/records"), Contains("\"value\":1,"));
    CHECK_THAT(at.get("/api/v1/streams/bulk/records?limit=1"), Contains("bbbb"));
    CHECK_THAT(at.get("/metrics"), Contains("holdfast_log_disk_free_bytes "));

    at.drop_bulk();
    CHECK(at.resumes());
    CHECK(at.disk.free_bytes() > 16U << 20U);
}

TEST_CASE("space that others give back is used again", "[app][disk]") {
    FullSite at;
    if (!at.disk.is_mounted()) {
        WARN("skipped: no file system can be mounted here");
        return;
    }
    at.start();
    REQUIRE(at.publish("keep/1", "1") == 200);
    at.disk.fill();
    while (at.publish("keep/1", "1") == 200) {} // until the server looks
    for (const auto& entry : std::filesystem::directory_iterator(at.disk.path()))
        if (entry.is_regular_file()) std::filesystem::remove(entry.path());
    CHECK(at.resumes());
}

TEST_CASE("a server starts on a full disk, reads, and makes room", "[app][disk]") {
    FullSite at;
    if (!at.disk.is_mounted()) {
        WARN("skipped: no file system can be mounted here");
        return;
    }
    at.start();
    REQUIRE(at.publish("keep/1", "1") == 200);
    CHECK(at.publish_until_full() > 500);
    at.server->signal(SIGKILL);
    (void)at.server->wait();
    at.disk.fill();

    at.start();
    CHECK_THAT(at.get("/api/v1/streams/keep/records"), Contains("\"value\":1,"));
    CHECK_THAT(at.get("/api/v1/streams/bulk/records?limit=1"), Contains("bbbb"));
    CHECK(at.publish("keep/1", "1") == 507);
    at.drop_bulk();
    CHECK(at.resumes());
}
