// Goal: clients that are not ours reach the server over TLS as it is configured, and certificates
// are changed under them. Method: mosquitto's clients and openssl's against the program; where they
// are not installed it warns and passes.

#include "app/socket.hpp"
#include "app/tls_site.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

using namespace holdfast::test;
using Catch::Contains;

namespace {

const char* const kPublish = "/usr/bin/mosquitto_pub";
const char* const kSubscribe = "/usr/bin/mosquitto_sub";
const char* const kOpenssl = "/usr/bin/openssl";

bool are_installed() {
    for (const char* program : {kPublish, kSubscribe, kOpenssl}) {
        if (std::filesystem::exists(program)) continue;
        WARN(program << " is not installed: not tested");
        return false;
    }
    return true;
}

std::vector<std::string> mosquitto(const char* program, const TlsSite& site, std::uint16_t port,
                                   const std::vector<std::string>& arguments) {
    std::vector<std::string> words{
        program, "-h", "localhost", "-p", std::to_string(port), "--cafile", site.path("ca.crt")};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return words;
}

std::vector<std::string> with_certificate(const TlsSite& site, std::vector<std::string> words) {
    words.insert(words.end(), {"--cert", site.path("press.crt"), "--key", site.path("press.key")});
    return words;
}

// A handshake by openssl's client, which then hangs up.
Outcome handshake(std::uint16_t port, const std::string& options) {
    return run({"/bin/sh", "-c",
                fmt::format("exec {} s_client -connect 127.0.0.1:{} {} < /dev/null", kOpenssl, port,
                            options)});
}

std::string serial_of(const TlsSite& site, std::uint16_t port) {
    return run({"/bin/sh", "-c",
                fmt::format(
                    "{0} s_client -connect 127.0.0.1:{1} -CAfile {2} < /dev/null | {0} x509 "
                    "-noout -serial",
                    kOpenssl, port, site.path("ca.crt"))})
        .output;
}

// Retained, for a subscriber that comes later.
void publish(const TlsSite& site, std::uint16_t port, const std::string& text) {
    const auto done =
        run(mosquitto(kPublish, site, port, {"-q", "1", "-r", "-t", "t", "-m", text}));
    INFO(done.errors);
    REQUIRE(done.exit_code == 0);
}

} // namespace

TEST_CASE("mosquitto's clients talk over TLS, with and without a certificate", "[app][tls]") {
    if (!are_installed()) return;
    const auto* version = GENERATE("mqttv31", "mqttv311", "mqttv5");
    const auto* tls = GENERATE("tlsv1.2", "tlsv1.3");
    CAPTURE(version, tls);
    const TlsSite site;
    const auto server = site.start();
    const auto port = port_in(server->output(), "mqtts");
    REQUIRE(port != 0);
    const std::string large(200'000, 'x'); // more than a record
    const auto sent =
        run(mosquitto(kPublish, site, port,
                      with_certificate(site, {"-V", version, "--tls-version", tls, "-q", "1", "-r",
                                              "-t", "t", "-m", "small"})));
    INFO(sent.errors);
    CHECK(sent.exit_code == 0);
    write_file(site.file("large"), large);
    const auto big = run(mosquitto(kPublish, site, port,
                                   {"-V", version, "--tls-version", tls, "-q", "2", "-r", "-t", "t",
                                    "-f", site.path("large")}));
    INFO(big.errors);
    REQUIRE(big.exit_code == 0);
    const auto heard = run(mosquitto(
        kSubscribe, site, port,
        {"-V", version, "--tls-version", tls, "-q", "1", "-t", "t", "-C", "1", "-W", "30", "-N"}));
    CHECK((heard.output == large)); // in brackets: too long to be shown
    const auto in_clear =
        run({kSubscribe, "-h", "localhost", "-p", std::to_string(port_in(server->output(), "mqtt")),
             "-t", "t", "-C", "1", "-W", "30", "-N"});
    CHECK((in_clear.output == large));
}

TEST_CASE("where a certificate is required, who has none of the site's does not get in",
          "[app][tls]") {
    if (!are_installed()) return;
    const TlsSite site("required");
    const TlsSite another;
    const auto server = site.start();
    const auto port = port_in(server->output(), "mqtts");
    const std::vector<std::string> message{"-q", "1", "-t", "t", "-m", "x"};
    CHECK(run(mosquitto(kPublish, site, port, with_certificate(site, message))).exit_code == 0);
    CHECK(run(mosquitto(kPublish, site, port, message)).exit_code != 0);
    CHECK(run(mosquitto(kPublish, site, port, with_certificate(another, message))).exit_code != 0);
    CHECK(server->wait_for_output("failed: TLS: peer did not return a certificate"));
}

TEST_CASE("TLS 1.1 is refused, by a client that another server takes", "[app][tls]") {
    if (!are_installed()) return;
    const auto* listener = GENERATE("mqtts", "https");
    CAPTURE(listener);
    const TlsSite site;
    const auto server = site.start();
    const auto port = port_in(server->output(), listener);
    const std::string old = "-tls1_1 -cipher DEFAULT:@SECLEVEL=0";
    Child control({kOpenssl, "s_server", "-accept", "127.0.0.1:0", "-cert", site.path("server.crt"),
                   "-key", site.path("server.key"), "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0",
                   "-www"});
    REQUIRE(control.wait_for_output("ACCEPT 127.0.0.1:"));
    const std::string& text = control.output();
    const auto at = text.find("ACCEPT 127.0.0.1:") + 17;
    const auto taken = handshake(static_cast<std::uint16_t>(std::stoi(text.substr(at))), old);
    CHECK(taken.exit_code == 0);
    CHECK_THAT(taken.output, Contains("Protocol  : TLSv1.1"));
    const auto refused = handshake(port, old);
    CHECK(refused.exit_code != 0);
    CHECK_THAT(refused.errors, Contains("alert protocol version"));
    CHECK(handshake(port, "-tls1_2").exit_code == 0);
    CHECK(handshake(port, "-tls1_3").exit_code == 0);
}

TEST_CASE("a certificate is changed under its connections; a bad one changes nothing",
          "[app][tls]") {
    if (!are_installed()) return;
    const bool by_signal = GENERATE(true, false);
    CAPTURE(by_signal);
    const TlsSite site;
    const auto server = site.start();
    const auto port = port_in(server->output(), "mqtts");
    // Before the subscriber comes: one that comes meanwhile may get it twice, live and retained.
    publish(site, port, "one");
    Child there(mosquitto(kSubscribe, site, port, {"-q", "1", "-t", "t", "-C", "3", "-W", "60"}));
    REQUIRE(there.wait_for_output("one\n"));
    const std::string first = serial_of(site, port);
    REQUIRE_THAT(first, Contains("serial="));

    site.renew_server(20);
    if (by_signal) server->signal(SIGHUP);
    REQUIRE(server->wait_for_output("was read again: 20 days left"));
    const std::string second = serial_of(site, port);
    CHECK(second != first);
    publish(site, port, "two");
    REQUIRE(there.wait_for_output("two\n"));

    write_file(site.file("server.crt"), "no certificate");
    if (by_signal) server->signal(SIGHUP);
    REQUIRE(server->wait_for_output("stays as it was: " + site.path("server.crt")));
    CHECK(serial_of(site, port) == second);
    publish(site, port, "three");
    CHECK(there.wait() == 0);
    CHECK(there.output() == "one\ntwo\nthree\n");
}

TEST_CASE("a certificate that ends soon is told", "[app][tls]") {
    const TlsSite site;
    site.renew_server(10);
    const auto server = site.start();
    CHECK(server->wait_for_output("expires in 10 days"));
    Socket socket(port_in(server->output(), "http"));
    const auto wait_for_alarm = [&](const std::string& state) {
        std::string body;
        do {
            body = http_get(socket, "/api/v1/alarms?source=server").body;
        } while (body.find("\"state\":\"" + state + "\"") == std::string::npos);
        return body;
    };
    const std::string alarm = wait_for_alarm("active");
    CHECK_THAT(alarm, Contains(R"("name":"certificate")") && Contains(site.path("server.crt")) &&
                          Contains(R"("severity":"major")") && Contains(R"("days_left":10)"));
    site.renew_server(400);
    CHECK_THAT(wait_for_alarm("cleared"), Contains(R"("name":"certificate")"));
}

TEST_CASE("the alarm of a certificate that is no longer used ends", "[app][tls]") {
    const TlsSite site;
    site.renew_server(3);
    {
        const auto server = site.start();
        Socket socket(port_in(server->output(), "http"));
        while (http_get(socket, "/api/v1/alarms?state=active").body.find("\"critical\"") ==
               std::string::npos) {}
        server->signal(SIGTERM);
        CHECK(server->wait() == 0);
    }
    write_file(site.file("site.yaml"), R"(listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"})");
    const auto server = site.start();
    Socket socket(port_in(server->output(), "http"));
    while (http_get(socket, "/api/v1/alarms?state=active").body != "[]") {}
    CHECK_THAT(http_get(socket, "/api/v1/alarms?source=server").body,
               Contains(R"("reason":"removed")"));
}

TEST_CASE("a listener whose files are no good stops the start, named with its line", "[app][tls]") {
    const TlsSite site;
    std::filesystem::remove(site.file("server.key"));
    const auto checked = run_holdfast({"check", "-c", site.path("site.yaml")});
    CHECK(checked.exit_code == 1);
    CHECK_THAT(checked.errors, Contains("site.yaml:3: listeners.mqtt[0].tls: "));
    CHECK_THAT(checked.errors, Contains(site.path("server.key") + ": no key"));
}
