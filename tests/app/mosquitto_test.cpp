// Goal: clients that are not ours get what they expect. Method: mosquitto_pub and mosquitto_sub
// against the program; where they are not installed it warns and passes.
#include "app/child.hpp"
#include "app/site.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <array>
#include <csignal>
#include <filesystem>
#include <memory>
#include <set>
#include <sstream>
#include <string>

using namespace holdfast::test;

namespace {

const char* const kPublish = "/usr/bin/mosquitto_pub";
const char* const kSubscribe = "/usr/bin/mosquitto_sub";

const char* const kConfig = R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
)";

bool are_installed() {
    const bool both = std::filesystem::exists(kPublish) && std::filesystem::exists(kSubscribe);
    if (!both) WARN("mosquitto_pub and mosquitto_sub are not installed: not tested");
    return both;
}

std::vector<std::string> command(const char* program, const ServerProcess& server,
                                 const std::string& version,
                                 const std::vector<std::string>& arguments) {
    std::vector<std::string> words{
        program, "-h", "127.0.0.1", "-p", std::to_string(server.port("mqtt")), "-V", version};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
}

void publish(const ServerProcess& server, const std::string& version,
             const std::vector<std::string>& arguments) {
    Child child(command(kPublish, server, version, arguments));
    const int exit_code = child.wait();
    INFO(child.errors());
    REQUIRE(exit_code == 0);
}

// A mosquitto_sub that prints what comes and ends after `count` messages.
std::unique_ptr<Child> subscribe(const ServerProcess& server, const std::string& version,
                                 const std::string& filter, int qos, int count,
                                 const std::string& format) {
    return std::make_unique<Child>(command(kSubscribe, server, version,
                                           {"-t", filter, "-q", std::to_string(qos), "-C",
                                            std::to_string(count), "-W", "30", "-F", format}));
}

std::multiset<std::string> lines_of(const std::string& output) {
    std::multiset<std::string> lines;
    std::istringstream in(output);
    for (std::string line; std::getline(in, line);) lines.insert(line);
    return lines;
}

// Each look is a request that the server answers.
void wait_for_subscriptions(const ServerProcess& server, long count) {
    Socket socket(server.port("http"));
    int looks = 0;
    while (metric(socket, "holdfast_mqtt_subscriptions") != count && ++looks < 100'000) {}
    REQUIRE(metric(socket, "holdfast_mqtt_subscriptions") == count);
}

} // namespace

TEST_CASE("mosquitto's clients talk to each other, by filter and QoS", "[app][mosquitto]") {
    if (!are_installed()) return;
    const auto* from = GENERATE("mqttv31", "mqttv311", "mqttv5");
    const auto* to = GENERATE("mqttv31", "mqttv311", "mqttv5");
    CAPTURE(from, to);
    const Site site(kConfig);
    const auto server = site.start();
    const auto plus = subscribe(*server, to, "fleet/+/telemetry", 1, 2, "%t %q %p");
    const auto all = subscribe(*server, to, "#", 0, 3, "%t %q %p");
    const auto one = subscribe(*server, to, "fleet/car-2/telemetry", 1, 1, "%t %q %p");
    const auto below = subscribe(*server, to, "fleet/#", 1, 2, "%t %q %p");
    wait_for_subscriptions(*server, 4);

    publish(*server, from, {"-t", "elsewhere", "-q", "1", "-m", "zero"});
    publish(*server, from, {"-t", "fleet/car-1/telemetry", "-q", "0", "-m", "one"});
    publish(*server, from, {"-t", "fleet/car-2/telemetry", "-q", "1", "-m", "two"});

    // Each message has a connection of its own, and nobody promises an order between those: what
    // was sent with QoS 0 may be read after what was sent later.
    using Lines = std::multiset<std::string>;
    const std::string first = "fleet/car-1/telemetry 0 one";
    const std::string second = "fleet/car-2/telemetry 1 two";
    CHECK(plus->wait() == 0);
    CHECK(lines_of(plus->output()) == Lines{first, second});
    CHECK(one->wait() == 0);
    CHECK(lines_of(one->output()) == Lines{second});
    CHECK(below->wait() == 0);
    CHECK(lines_of(below->output()) == Lines{first, second});
    CHECK(all->wait() == 0);
    CHECK(lines_of(all->output()) ==
          Lines{"elsewhere 0 zero", first, "fleet/car-2/telemetry 0 two"});
}

TEST_CASE("mosquitto's MQTT 5 properties arrive as they were sent", "[app][mosquitto]") {
    if (!are_installed()) return;
    const Site site(kConfig);
    const auto server = site.start();
    const auto subscriber = subscribe(*server, "mqttv5", "a/+", 1, 1, "%P|%C|%R|%D|%p");
    wait_for_subscriptions(*server, 1);
    publish(*server, "mqttv5",
            {"-t",
             "a/b",
             "-q",
             "1",
             "-m",
             R"({"v":1})",
             "-D",
             "publish",
             "user-property",
             "site",
             "north",
             "-D",
             "publish",
             "user-property",
             "line",
             "7",
             "-D",
             "publish",
             "content-type",
             "application/json",
             "-D",
             "publish",
             "response-topic",
             "answers/1",
             "-D",
             "publish",
             "correlation-data",
             "c-42"});
    CHECK(subscriber->wait() == 0);
    CHECK(subscriber->output() == "site:north line:7|application/json|answers/1|c-42|{\"v\":1}\n");
}

TEST_CASE("mosquitto_pub streams a file of lines at QoS 1 in order", "[app][mosquitto]") {
    if (!are_installed()) return;
    const auto* version = GENERATE("mqttv31", "mqttv311", "mqttv5");
    CAPTURE(version);
    constexpr int kLines = 2'000;
    const Site site(kConfig);
    const auto server = site.start();
    const auto subscriber = subscribe(*server, version, "lines", 1, kLines, "%p");
    wait_for_subscriptions(*server, 1);
    std::string lines;
    for (int i = 0; i < kLines; ++i) lines += fmt::format("line {}\n", i);
    write_file(site.directory() / "lines.txt", lines);
    Child publisher(
        {"/bin/sh", "-c",
         fmt::format("exec {} -h 127.0.0.1 -p {} -V {} -t lines -q 1 -l < {}", kPublish,
                     server->port("mqtt"), version, (site.directory() / "lines.txt").string())});
    CHECK(publisher.wait() == 0);
    CHECK(subscriber->wait() == 0);
    CHECK(subscriber->output() == lines);
}

TEST_CASE("a persistent session and retained messages outlive killed servers", "[app][mosquitto]") {
    if (!are_installed()) return;
    const auto* version = GENERATE("mqttv311", "mqttv5");
    CAPTURE(version);
    const Site site(kConfig);
    auto server = site.start();
    std::vector<std::string> keeper{"-c", "-i", "keeper", "-q", "2", "-t", "x/#", "-W", "30"};
    if (version == std::string("mqttv5"))
        keeper.insert(keeper.end(), {"-x", "3600"}); // else the session ends with its connection
    const auto as_keeper = [&](const std::vector<std::string>& more) {
        std::vector<std::string> words = keeper;
        words.insert(words.end(), more.begin(), more.end());
        Child child(command(kSubscribe, *server, version, words));
        CHECK(child.wait() == 0);
        return child.output();
    };
    as_keeper({"-E"});                 // until the subscription is acknowledged
    std::array<std::string, 3> wanted; // by QoS: the order holds for each of them [MQTT5-4.6.0-5]
    for (int round = 0; round < 2; ++round) {
        for (int qos = 1; qos <= 2; ++qos) {
            const std::string text = fmt::format("round {} qos {}", round, qos);
            publish(*server, version, {"-t", "x/1", "-q", std::to_string(qos), "-m", text});
            wanted[static_cast<std::size_t>(qos)] += fmt::format("{} {}\n", qos, text);
        }
        publish(*server, version, {"-t", "status", "-q", "1", "-r", "-m", std::to_string(round)});
        server->signal(SIGKILL);
        (void)server->wait();
        server = site.start();
    }
    std::array<std::string, 3> came;
    std::istringstream lines(as_keeper({"-C", "4", "-F", "%q %p"}));
    for (std::string line; std::getline(lines, line);)
        came.at(static_cast<std::size_t>(line.front() - '0')) += line + "\n";
    CHECK(came == wanted);
    const auto late = subscribe(*server, version, "#", 1, 1, "%t %r %p");
    CHECK(late->wait() == 0);
    CHECK(late->output() == "status 1 1\n");
}

TEST_CASE("mosquitto's request and response find each other", "[app][mosquitto]") {
    if (!are_installed() || !std::filesystem::exists("/usr/bin/mosquitto_rr")) return;
    const Site site(kConfig);
    const auto server = site.start();
    Child asker(command("/usr/bin/mosquitto_rr", *server, "mqttv5",
                        {"-t", "ask", "-e", "answer/7", "-m", "question", "-W", "30"}));
    wait_for_subscriptions(*server, 1);
    publish(*server, "mqttv5", {"-t", "answer/7", "-m", "42"});
    CHECK(asker.wait() == 0);
    CHECK(asker.output() == "42\n");
}
