// Goal: somebody whose client gets no message is told by the server why, and what to write so that
// it does. Method: the program, its commands, and MQTT over a socket.
#include "app/site.hpp"

#include <holdfast/identity/users.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <string>

using namespace holdfast;
using namespace holdfast::test;
using Catch::Contains;

namespace {

const char* const kConfig = R"(
listeners:
  mqtt: [{address: "127.0.0.1:0", anonymous: true}]
  http: [{address: "127.0.0.1:0", anonymous: true}]
log_level: error
access: access.yaml
users: users
)";
const char* const kAccess = R"(
anonymous: [floor]
roles:
  floor:
    - {allow: connect, clients: ["pump-*"]}
    - {allow: subscribe, topics: ["plant/#"]}
    - {deny: subscribe, topics: ["plant/+/recipe"]}
    - {allow: [read, manage], areas: [clients, query]}
)";

} // namespace

TEST_CASE("a client is listed and explained, and disconnected", "[app][clients]") {
    const Site site(kConfig);
    write_file(site.directory() / "access.yaml", kAccess);
    REQUIRE(
        identity::change_users(site.directory() / "users", [](identity::Users&) { return ok(); }));
    const auto server = site.start();
    const auto url = fmt::format("http://127.0.0.1:{}", server->port("http"));
    MqttSocket pump(server->port("mqtt"));
    REQUIRE(pump.connect("pump-7", mqtt::Version::v5));
    for (const char* filter : {"plant/1/heat", "office/#", "plant/1/recipe"})
        (void)pump.subscribe(filter, mqtt::Qos::at_least_once);
    CHECK_FALSE(MqttSocket(server->port("mqtt")).connect("valve-1", mqtt::Version::v5));

    const auto listed = run_holdfast({"clients", "--url", url});
    CHECK(listed.exit_code == 0);
    CHECK_THAT(listed.output, Contains("pump-7") && !Contains("valve-1"));
    const auto asked =
        run_holdfast({"query", "--url", url, "SELECT client_id, subscription_count FROM clients"});
    CHECK_THAT(asked.output, Contains("pump-7"));

    const auto explained = run_holdfast({"explain", "pump-7", "--url", url});
    INFO(explained.errors);
    CHECK(explained.exit_code == 0);
    CHECK_THAT(explained.output,
               Contains("'pump-7' is connected since 20") && Contains("from 127.0.0.1:") &&
                   Contains("with the roles floor") && Contains("QoS 1 plant/1/heat\n") &&
                   Contains("subscribe 'office/#'") && Contains("no rule allows it") &&
                   Contains("- {allow: subscribe, topics: [\"office/#\"]}") &&
                   Contains("deny subscribe to plant/+/recipe") &&
                   Contains("change or remove that one"));
    const auto refused = run_holdfast({"explain", "valve-1", "--url", url});
    CHECK_THAT(refused.output, Contains("was only refused") &&
                                   Contains("- {allow: connect, clients: [\"valve-1\"]}"));
    const auto unknown = run_holdfast({"explain", "nobody", "--url", url});
    CHECK(unknown.exit_code == 1);
    CHECK_THAT(unknown.errors, Contains("there is no client 'nobody'"));

    Socket http(server->port("http"));
    CHECK(http_send(http, "DELETE /api/v1/clients/pump-7 HTTP/1.1\r\nHost: localhost\r\n\r\n")
              .status == 204);
    bool was_told = false;
    while (const auto packet = pump.next())
        was_told |=
            packet->type == mqtt::PacketType::disconnect && packet->body.at(0) == std::byte{0x98};
    CHECK(was_told);
}

TEST_CASE("limits of an address and of a client hold, and say so", "[app][clients][limits]") {
    const Site site(R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: error
limits: {connections_per_address: 2, message_rate_per_client: 100}
)");
    const auto server = site.start();
    const auto url = fmt::format("http://127.0.0.1:{}", server->port("http"));
    MqttSocket fast(server->port("mqtt"));
    REQUIRE(fast.connect("fast", mqtt::Version::v5));
    MqttSocket other(server->port("mqtt"));
    REQUIRE(other.connect("other", mqtt::Version::v5));
    CHECK_FALSE(MqttSocket(server->port("mqtt")).connect("third", mqtt::Version::v5));
    const auto refused = run_holdfast({"explain", "third", "--url", url});
    CHECK_THAT(refused.output, Contains("limits.connections_per_address"));

    constexpr std::uint16_t kMessages = 200;
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint16_t id = 1; id <= kMessages; ++id)
        REQUIRE(fast.publish("t", std::string(100, 'x'), mqtt::Qos::at_least_once, id));
    Socket http(server->port("http"));
    while (metric(http, "holdfast_mqtt_slowed_total") < 1) {}
    REQUIRE(other.publish("t", "x", mqtt::Qos::at_least_once, 1));
    REQUIRE(other.next());
    CHECK(metric(http, "holdfast_mqtt_messages_received_total") < kMessages);
    const auto slowed = run_holdfast({"explain", "fast", "--url", url});
    CHECK_THAT(slowed.output, Contains("it sends more than its limit lets it"));
    for (std::uint16_t id = 1; id <= kMessages; ++id) REQUIRE(fast.next());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    CHECK(took.count() > 0.5); // a second's worth was ahead, and a read of messages
}
