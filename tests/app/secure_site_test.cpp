// Goal: what `holdfast init` makes can be served, and keeps devices apart on the network. Method:
// the program and mosquitto's clients, over TLS; where those are not installed it warns and passes.
#include "app/server_process.hpp"
#include "support/temp_dir.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace holdfast::test;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

const char* const kPublish = "/usr/bin/mosquitto_pub";
// Not the one that everything on a machine is bound to: as from another machine.
const char* const kAddress = "127.0.0.2";
const char* const kSubscribe = "/usr/bin/mosquitto_sub";
const char* const kCurl = "/usr/bin/curl";

// The site's own file, on free ports.
void use_free_ports(const fs::path& config) {
    std::ifstream in(config);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const std::string port : {":8883\"", ":1883\"", ":8443\"", ":8080\""}) {
        const auto at = text.find(port);
        REQUIRE(at != std::string::npos);
        text.replace(at, port.size(), ":0\"");
    }
    write_file(config, text);
}

std::string password_in(const std::string& output) {
    const auto at = output.find_first_not_of(": ", output.find("password") + 8);
    return output.substr(at, 23);
}

Outcome run_all(const std::vector<std::string>& words) {
    Child child(words);
    Outcome outcome;
    outcome.exit_code = child.wait();
    outcome.output = child.output();
    outcome.errors = child.errors();
    return outcome;
}

Outcome run(const char* program, const fs::path& site, std::uint16_t port,
            const std::vector<std::string>& arguments) {
    std::vector<std::string> words{program,
                                   "--cafile",
                                   (site / "certs" / "ca.crt").string(),
                                   "-h",
                                   kAddress,
                                   "-p",
                                   std::to_string(port),
                                   "-V",
                                   "5",
                                   "-q",
                                   "1"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_all(words);
}

} // namespace

TEST_CASE("a device of a new site publishes over TLS, on its own topics only", "[app][init]") {
    if (!fs::exists(kPublish) || !fs::exists(kSubscribe)) {
        WARN("mosquitto_pub and mosquitto_sub are not installed: not tested");
        return;
    }
    const TempDir above;
    const fs::path site = above.path() / "site";
    const std::string config = (site / "holdfast.yaml").string();
    const auto made = run_holdfast({"init", site.string(), "--host", kAddress});
    REQUIRE(made.exit_code == 0);
    const auto checked = run_holdfast({"check", "-c", config});
    INFO(checked.errors);
    REQUIRE(checked.exit_code == 0);
    use_free_ports(config);
    Child server({"/bin/sh", "-c", R"(exec "$0" serve -c "$1" 2>&1)", HOLDFAST_PROGRAM, config});
    REQUIRE(server.wait_for_output("ready\n"));
    const auto port = port_in(server.output(), "mqtts");
    REQUIRE(port != 0);

    const auto added =
        run_holdfast({"user", "add", "press-7", "--role", "device", "--generate", "-c", config});
    REQUIRE(added.exit_code == 0);
    REQUIRE(server.wait_for_output("read again: 2 users"));
    const std::vector<std::string> device{"-i",      "press-7", "-u",
                                          "press-7", "-P",      password_in(added.output)};
    const auto publish = [&](std::vector<std::string> who, const std::string& topic) {
        who.insert(who.end(), {"-r", "-m", "on", "-t", topic});
        return run(kPublish, site, port, who);
    };
    const auto own = publish(device, "devices/press-7/state");
    CHECK(own.errors == "");
    CHECK(own.exit_code == 0);
    const auto other = publish(device, "devices/press-8/state");
    CHECK_THAT(other.output + other.errors, Contains("Not authorized"));
    CHECK(publish({"-i", "press-7"}, "devices/press-7/state").exit_code != 0);
    CHECK(
        publish({"-i", "press-7", "-u", "press-7", "-P", "not it at all"}, "devices/press-7/state")
            .exit_code != 0);
    CHECK(server.wait_for_output("devices/press-8/state")); // the refusal, in the log

    const auto seen = run(kSubscribe, site, port,
                          {"-i", "desk", "-u", "admin", "-P", password_in(made.output), "-t",
                           "devices/#", "-C", "1", "-W", "30", "-F", "%t %p"});
    CHECK(seen.output == "devices/press-7/state on\n");
    if (fs::exists(kCurl)) {
        const auto streams = run_all({kCurl, "-s", "--cacert", (site / "certs" / "ca.crt").string(),
                                      "-u", "admin:" + password_in(made.output),
                                      fmt::format("https://{}:{}/api/v1/streams", kAddress,
                                                  port_in(server.output(), "https"))});
        CHECK_THAT(streams.output, Contains(R"("name":"events")"));
        const auto why = run_all({kCurl, "-s", "--cacert", (site / "certs" / "ca.crt").string(),
                                  "-u", "admin:" + password_in(made.output),
                                  fmt::format("https://{}:{}/api/v1/clients/press-7", kAddress,
                                              port_in(server.output(), "https"))});
        CHECK_THAT(why.output, Contains(R"("resource":"devices/press-8/state")"));
        CHECK_THAT(why.output, Contains("no rule allows it"));
    }
    server.signal(SIGTERM);
    CHECK(server.wait() == 0);
}
