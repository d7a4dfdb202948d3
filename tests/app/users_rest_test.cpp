// Goal: what is changed about a user over REST is in force for its live connections when it is
// answered, and a refusal is in the log. Method: the program itself, without a signal.
#include "app/site.hpp"

#include <holdfast/identity/password.hpp>
#include <holdfast/identity/users.hpp>
#include <holdfast/mqtt/connect.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <optional>

using namespace holdfast;
using namespace holdfast::test;
using Catch::Contains;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: info
access: access.yaml
users: users
streams: {telemetry: {partitions: 1}}
bridge: [{topic: "plant/#", stream: telemetry}]
)";
const char* const kAccess = R"(
roles:
  boss: [{allow: all}]
  device:
    - {allow: connect, clients: ["{user}"]}
    - {allow: [publish, subscribe], topics: ["plant/{user}/#"]}
)";
constexpr const char* kAnne = "Authorization: Basic YW5uZTpjb3JyZWN0IGhvcnNl\r\n";
constexpr const char* kPress = "Authorization: Basic cHJlc3M6Y29ycmVjdCBob3JzZQ==\r\n";

class UsersSite {
public:
    UsersSite() : site_(kConfig) {
        write_file(site_.directory() / "access.yaml", kAccess);
        const auto hash = identity::hash_password("correct horse", {64, 1}).value();
        REQUIRE(identity::change_users(site_.directory() / "users", [&](identity::Users& users) {
            users.users = {{"anne", {"boss"}, hash, false}, {"press", {"device"}, hash, false}};
            return ok();
        }));
        server_ = site_.start();
        http_.emplace(server_->port("http"));
    }
    HttpAnswer ask(const char* who, const std::string& method, const std::string& target,
                   const std::string& body = "") {
        return http_send(*http_, fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}"
                                             "Content-Length: {}\r\n\r\n{}",
                                             method, target, who, body.size(), body));
    }
    [[nodiscard]] bool connect(MqttSocket& socket, std::string_view password) const {
        mqtt::Connect connect;
        connect.client_id = "press";
        connect.user_name = "press";
        connect.password = as_bytes(password);
        connect.clean_start = false;
        connect.properties.session_expiry_interval_s = 3'600;
        Bytes out;
        mqtt::encode_connect(out, connect);
        if (!socket.write(out)) return false;
        const auto answer = socket.next();
        is_present = answer && !answer->body.empty() && answer->body[0] == std::byte{1};
        return answer && answer->type == mqtt::PacketType::connack && answer->body.size() > 1 &&
               answer->body[1] == std::byte{0};
    }
    [[nodiscard]] ServerProcess& server() { return *server_; }

    mutable bool is_present = false; // the session, as the last connect() was told

private:
    Site site_;
    std::unique_ptr<ServerProcess> server_;
    std::optional<Socket> http_;
};

bool ends(MqttSocket& socket) {
    const auto last = socket.next();
    return last && last->type == mqtt::PacketType::disconnect && !socket.next();
}

} // namespace

TEST_CASE("another password ends the connection that came with the old one, not its session",
          "[app][users]") {
    UsersSite site;
    MqttSocket press(site.server().port("mqtt"));
    REQUIRE(site.connect(press, "correct horse"));
    REQUIRE(press.subscribe("plant/press/#", mqtt::Qos::at_least_once));
    const bool is_own = GENERATE(false, true);
    const auto changed = is_own ? site.ask(kPress, "POST", "/api/v1/users/press/password",
                                           R"({"old":"correct horse","new":"battery staple"})")
                                : site.ask(kAnne, "PATCH", "/api/v1/users/press",
                                           R"({"password":"battery staple"})");
    CHECK(changed.status == (is_own ? 204 : 200));
    CHECK(ends(press));
    REQUIRE(site.ask(kAnne, "POST", "/api/v1/publish/plant/press/x", "7").status == 200);
    MqttSocket old(site.server().port("mqtt"));
    CHECK_FALSE(site.connect(old, "correct horse"));
    MqttSocket again(site.server().port("mqtt"));
    REQUIRE(site.connect(again, "battery staple"));
    CHECK(site.is_present);
    const auto waited = again.next();
    REQUIRE(waited);
    CHECK(waited->type == mqtt::PacketType::publish);
}

TEST_CASE("who is disabled or removed over REST is disconnected", "[app][users]") {
    UsersSite site;
    MqttSocket press(site.server().port("mqtt"));
    REQUIRE(site.connect(press, "correct horse"));
    const bool is_removed = GENERATE(false, true);
    const auto changed =
        is_removed ? site.ask(kAnne, "DELETE", "/api/v1/users/press")
                   : site.ask(kAnne, "PATCH", "/api/v1/users/press", R"({"disabled":true})");
    CHECK(changed.status == (is_removed ? 204 : 200));
    CHECK(ends(press));
}

TEST_CASE("a request that is not let in has a line in the log", "[app][users]") {
    UsersSite site;
    CHECK(site.ask(kPress, "DELETE", "/api/v1/users/anne").status == 403);
    site.server().signal(SIGTERM);
    CHECK(site.server().wait() == 0);
    CHECK_THAT(site.server().errors(),
               Contains("user 'press' from 127.0.0.1: DELETE /api/v1/users/{name} "
                        "(/api/v1/users/anne) refused: administer of area 'users' is denied"));
}
