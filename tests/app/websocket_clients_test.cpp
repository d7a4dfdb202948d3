// Goal: clients of browsers and of Python talk MQTT by HTTP's listeners and over TLS. Method:
// MQTT.js and Paho as they are installed, by the scripts in tests/clients; where one is not it
// warns and passes.

#include "app/client_program.hpp"
#include "app/tls_site.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace holdfast::test;

TEST_CASE("MQTT.js talks over WebSocket, in clear and over TLS, and over TLS alone",
          "[app][tls][ws]") {
    const TlsSite site;
    const auto server = site.start();
    struct Row {
        const char* scheme;
        const char* listener;
        const char* path;
    };
    const auto row = GENERATE(values<Row>({{"ws", "http", "/mqtt"},
                                           {"wss", "https", "/mqtt"},
                                           {"mqtts", "mqtts", ""},
                                           {"mqtt", "mqtt", ""}}));
    const auto* version = GENERATE("4", "5");
    CAPTURE(row.scheme, version);
    const auto port = port_in(server->output(), row.listener);
    check_done({"tests/clients/mqtt_js.mjs",
                fmt::format("{}://localhost:{}{}", row.scheme, port, row.path), version,
                site.path("ca.crt")},
               "/usr/bin/node");
}

TEST_CASE("Paho talks over TLS and over WebSocket on it", "[app][tls][ws]") {
    const TlsSite site;
    const auto server = site.start();
    struct Row {
        const char* listener;
        const char* transport;
    };
    const auto row = GENERATE(values<Row>({{"mqtts", "tcp"}, {"https", "websockets"}}));
    const auto* version = GENERATE("4", "5");
    CAPTURE(row.transport, version);
    const auto port = std::to_string(port_in(server->output(), row.listener));
    check_done({"tests/clients/paho_client.py", "localhost", port, version, site.path("ca.crt"),
                row.transport},
               "/usr/bin/python3");
}
