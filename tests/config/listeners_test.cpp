// Goal: listeners say where to listen, over what, and whom they let in; a mistake is found before
// anything listens. Method: configurations as texts.

#include <holdfast/config/config.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;
using config::TlsClients;

namespace {

const std::string kUsers = "access: access.yaml\nusers: users\n";

config::Listeners read(const std::string& text) {
    const auto parsed = config::parse(text, "/site/f.yaml");
    INFO((parsed ? "" : parsed.error().context));
    REQUIRE(parsed);
    return parsed.value().listeners;
}

} // namespace

TEST_CASE("a list of listeners is read, each with its own door", "[config][listeners]") {
    const auto listeners = read(kUsers + R"(
listeners:
  mqtt:
    - address: "0.0.0.0:8883"
      tls: {certificate: certs/server.crt, key: /keys/server.key, client_ca: ca.crt, clients: asked}
    - "127.0.0.1:1883"
    - {address: "[::1]:1884", anonymous: true}
  http: {address: "0.0.0.0:8443", tls: {certificate: c, key: k}, hosts: [Plant.example.com, plant]}
)");
    REQUIRE(listeners.mqtt.size() == 3);
    const auto& open = listeners.mqtt[0];
    CHECK(open.endpoint == config::Endpoint{"0.0.0.0", 8883});
    REQUIRE(open.tls);
    CHECK(open.tls->certificate == "/site/certs/server.crt");
    CHECK(open.tls->key == "/keys/server.key");
    CHECK(open.tls->client_ca == "/site/ca.crt");
    CHECK(open.tls->clients == TlsClients::asked);
    CHECK(open.where == "/site/f.yaml:6: listeners.mqtt[0]");
    CHECK_FALSE(listeners.mqtt[1].tls);
    CHECK(listeners.mqtt[2].endpoint == config::Endpoint{"::1", 1884});
    REQUIRE(listeners.http.size() == 1);
    CHECK(listeners.http[0].tls->clients == TlsClients::off);
    CHECK(listeners.http[0].hosts == std::vector<std::string>{"plant.example.com", "plant"});
}

TEST_CASE("who says nothing of himself gets in where the listener says so", "[config][listeners]") {
    const auto anonymous = [](const std::string& text) {
        return read(text).mqtt.at(0).takes_anonymous;
    };
    CHECK(anonymous(""));
    CHECK(anonymous("listeners: {mqtt: \"127.0.0.1:1\"}"));
    CHECK_FALSE(anonymous(kUsers));
    CHECK_FALSE(anonymous(kUsers + "listeners: {mqtt: \"127.0.0.1:1\"}"));
    CHECK_FALSE(anonymous(kUsers + "listeners: {mqtt: {address: \"0.0.0.0:1\"}}"));
    CHECK(anonymous(kUsers + "listeners: {mqtt: {address: \"0.0.0.0:1\", anonymous: true}}"));
}

TEST_CASE("a listener that would be open to all, or to none, stops the start",
          "[config][listeners]") {
    struct Row {
        const char* text;
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"listeners:\n  mqtt:\n    - {address: \"0.0.0.0:1\", tls: {certificate: c, key: k}}",
         "f:3: listeners.mqtt[0]: 0.0.0.0 is not a loopback address (127.0.0.1, [::1]): without "
         "users everybody who reaches it could do everything. Give `access: access.yaml` and "
         "`users: users`, which `holdfast init` writes"},
        {"listeners: {http: \"192.0.2.1:80\"}", "f:1: listeners.http: 192.0.2.1 is not a loopback"},
        {"listeners: {mqtt: {address: \"127.0.0.1:1\", anonymous: false}}",
         "f:1: listeners.mqtt: without `access` and `users` nobody can say who they are"},
    }));
    CAPTURE(row.text);
    const auto parsed = config::parse(row.text, "f");
    REQUIRE_FALSE(parsed);
    CHECK_THAT(parsed.error().context, Catch::StartsWith(row.error));
}

TEST_CASE("a mistake in a listener is told with its line", "[config][listeners]") {
    struct Row {
        const char* text; // below `mqtt:` or `http:`
        const char* error;
    };
    const auto row = GENERATE(values<Row>({
        {"mqtt: []", "f:4: listeners.mqtt: an empty list: say `off`"},
        {"mqtt: {tls: {certificate: c, key: k}}", "f:4: listeners.mqtt: `address` is missing"},
        {"mqtt: {address: here}", "f:4: listeners.mqtt: 'here' is not address:port"},
        {"mqtt:\n    - {address: \"127.0.0.1:1\", port: 1}",
         "f:5: listeners.mqtt[0].port: unknown key; known are address"},
        {"mqtt: {address: \"127.0.0.1:1\", tls: {key: k}}",
         "f:4: listeners.mqtt.tls: `certificate` is missing"},
        {"mqtt: {address: \"127.0.0.1:1\", tls: {certificate: c}}",
         "f:4: listeners.mqtt.tls: `key` is missing"},
        {"mqtt: {address: \"127.0.0.1:1\", tls: {certificate: c, key: k, clients: required}}",
         "f:4: listeners.mqtt.tls: `client_ca` is missing: whose certificates are good"},
        {"mqtt: {address: \"127.0.0.1:1\", tls: {certificate: c, key: k, client_ca: a}}",
         "f:4: listeners.mqtt.tls: `clients` is missing: asked, or required"},
        {"mqtt: {address: \"127.0.0.1:1\", tls: {certificate: c, key: k, clients: maybe}}",
         "f:4: listeners.mqtt.tls.clients: 'maybe' is none of off, asked, required"},
        {"mqtt: {address: \"127.0.0.1:1\", tls: yes}", "f:4: listeners.mqtt.tls: a map of keys"},
        {"mqtt: {address: \"127.0.0.1:1\", hosts: [a]}", "f:4: listeners.mqtt.hosts: MQTT clients"},
        {"http: {address: \"127.0.0.1:1\", hosts: [\"a:80\"]}",
         "f:4: listeners.http.hosts: 'a:80' is not a host name"},
        {"mqtt: {address: \"127.0.0.1:1\", anonymous: perhaps}",
         "f:4: listeners.mqtt.anonymous: 'perhaps' is none of true, false"},
        {"mqtt: [\"127.0.0.1:1\", \"127.0.0.1:1\"]",
         "f:4: listeners.mqtt[1]: 127.0.0.1:1 is the port of listeners.mqtt too"},
        {"mqtt: \"127.0.0.1:8080\"",
         "f:4: listeners.mqtt: 127.0.0.1:8080 is the port of listeners.http too"},
    }));
    CAPTURE(row.text);
    const auto parsed = config::parse(kUsers + "listeners:\n  " + row.text, "f");
    REQUIRE_FALSE(parsed);
    CHECK_THAT(parsed.error().context, Catch::StartsWith(row.error));
}
