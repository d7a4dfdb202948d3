// Goal: who did what is in the audit, of every door, and by no door does anybody read it who has
// not the right to it. Method: the program itself; a client for each user.
#include "app/site.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/identity/password.hpp>
#include <holdfast/identity/tokens.hpp>
#include <holdfast/identity/users.hpp>
#include <holdfast/mqtt/connect.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <map>

using namespace holdfast::test;
using Catch::Contains;
using holdfast::identity::Users;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: error
access: access.yaml
users: users
streams: {telemetry: {partitions: 1}}
bridge: [{topic: "plant/#", stream: telemetry}]
)";
// The reader may read every stream, and work with queries, rules, models and groups.
const char* const kAccess = R"(
roles:
  boss: [{allow: all}]
  auditor: [{allow: read, areas: [audit]}]
  reader:
    - {allow: connect, clients: ["*"]}
    - {allow: [publish, subscribe], topics: ["#"]}
    - {allow: [read, write, manage], streams: ["*"]}
    - {allow: [read, manage], areas: [query, rules, models, groups]}
)";

class AuditedSite {
public:
    AuditedSite() : site_(kConfig) {
        write_file(site_.directory() / "access.yaml", kAccess);
        const auto hash = holdfast::identity::hash_password("correct horse", {64, 1}).value();
        const std::map<std::string, std::string> roles{
            {"anne", "boss"}, {"paul", "auditor"}, {"rita", "reader"}};
        REQUIRE(holdfast::identity::change_users(site_.directory() / "users", [&](Users& users) {
            for (const auto& [name, role] : roles) {
                auto token = holdfast::identity::make_token(name, "", now_ms(), 0);
                users.users.push_back({name, {role}, hash, false});
                users.tokens.push_back(token.stored);
                tokens_.emplace(name, token.text);
            }
            return holdfast::ok();
        }));
        server_ = site_.start();
        http_.emplace(server_->port("http"));
    }

    HttpAnswer ask(const std::string& user, const std::string& method, const std::string& target,
                   const std::string& body = "", const std::string& headers = "") {
        const auto token = tokens_.find(user);
        const auto bearer = token == tokens_.end()
                                ? std::string()
                                : "Authorization: Bearer " + token->second + "\r\n";
        return http_send(*http_, fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}{}"
                                             "Content-Length: {}\r\n\r\n{}",
                                             method, target, bearer, headers, body.size(), body));
    }
    // What the audit has once it has `wanted`.
    std::string audit_with(const std::string& wanted) {
        HttpAnswer answer;
        for (int i = 0; i < 300; ++i) {
            answer = ask("paul", "GET", "/api/v1/streams/audit/records?offset=0&limit=1000");
            REQUIRE(answer.status == 200);
            if (answer.body.find(wanted) != std::string::npos) break;
            // Comes back when there is more, or after its time.
            const auto records = std::ranges::count(answer.body, '\n');
            (void)ask("paul", "GET",
                      fmt::format("/api/v1/streams/audit/records?partition=0&offset={}&wait_ms=100",
                                  records));
        }
        CHECK_THAT(answer.body, Contains(wanted));
        return answer.body;
    }
    // By the token as a password.
    bool log_in(MqttSocket& socket, const std::string& user) {
        holdfast::mqtt::Connect connect;
        connect.client_id = user;
        connect.user_name = user;
        connect.password = holdfast::as_bytes(tokens_.at(user));
        holdfast::Bytes out;
        holdfast::mqtt::encode_connect(out, connect);
        if (!socket.write(out)) return false;
        const auto answer = socket.next();
        return answer && answer->type == holdfast::mqtt::PacketType::connack &&
               answer->body.size() > 1 && answer->body[1] == std::byte{0};
    }
    [[nodiscard]] ServerProcess& server() { return *server_; }
    [[nodiscard]] const Site& site() const { return site_; }

private:
    static std::int64_t now_ms() { return holdfast::SystemClock().now_ms(); }

    Site site_;
    std::map<std::string, std::string> tokens_;
    std::unique_ptr<ServerProcess> server_;
    std::optional<Socket> http_;
};

std::string event(const std::string& actor, const std::string& action, const std::string& resource,
                  const std::string& outcome) {
    return fmt::format(R"("actor":"{}","address":"127.0.0.1","action":"{}","resource":"{}",)"
                       R"("outcome":"{}")",
                       actor, action, resource, outcome);
}

} // namespace

TEST_CASE("what is done and refused is recorded, whichever the door", "[app][audit]") {
    AuditedSite site;
    REQUIRE(site.ask("", "POST", "/api/v1/login", R"({"user":"anne","password":"correct horse"})")
                .status == 200);
    REQUIRE(site.ask("", "POST", "/api/v1/login", R"({"user":"anne","password":"guess number 1"})")
                .status == 401);
    REQUIRE(site.ask("anne", "POST", "/api/v1/streams", R"({"name":"more"})").status == 201);
    REQUIRE(site.ask("anne", "DELETE", "/api/v1/streams/more").status == 204);
    REQUIRE(site.ask("rita", "DELETE", "/api/v1/users/anne").status == 403);
    REQUIRE(
        site.ask("anne", "POST", "/api/v1/users", R"({"name":"bob","password":"a long secret"})")
            .status == 201);
    REQUIRE(site.ask("anne", "POST", "/api/v1/publish/plant/1", "7").status == 200);
    MqttSocket nobody(site.server().port("mqtt"));
    CHECK_FALSE(nobody.connect("press-7", holdfast::mqtt::Version::v5));
    REQUIRE(holdfast::identity::change_users(site.site().directory() / "users", [](Users& users) {
        std::erase_if(users.users, [](const auto& user) { return user.name == "bob"; });
        return holdfast::ok();
    }));
    site.server().signal(SIGHUP);

    const std::string all = site.audit_with("users removed: bob");
    CHECK_THAT(all, Contains(event("anne", "login", "", "done")));
    CHECK_THAT(all, Contains(event("anne", "login", "", "refused")));
    CHECK_THAT(all,
               Contains(event("anne", "POST /api/v1/streams", "/api/v1/streams/more", "done")));
    CHECK_THAT(all, Contains(event("anne", "DELETE /api/v1/streams/{name}", "/api/v1/streams/more",
                                   "done")));
    CHECK_THAT(all, Contains(event("rita", "DELETE /api/v1/users/{name}", "/api/v1/users/anne",
                                   "refused")));
    CHECK_THAT(all, Contains(event("anne", "POST /api/v1/users", "/api/v1/users/bob", "done")));
    CHECK_THAT(all, Contains(event("", "mqtt connect", "press-7", "refused")));
    CHECK_THAT(all, Contains(R"("action":"reload users and rights")"));
    CHECK_THAT(all, !Contains("correct horse") && !Contains("a long secret") &&
                        !Contains("guess number") && !Contains("publish") && !Contains("argon2"));
}

TEST_CASE("a right to every stream does not give the audit, by any door", "[app][audit]") {
    AuditedSite site;
    REQUIRE(site.ask("anne", "POST", "/api/v1/streams", R"({"name":"more"})").status == 201);
    const std::string marker = "/api/v1/streams/more";
    (void)site.audit_with(marker);
    const auto rita = [&](const std::string& method, const std::string& target,
                          const std::string& body = "", const std::string& headers = "") {
        return site.ask("rita", method, target, body, headers);
    };
    CHECK(rita("GET", "/api/v1/streams/telemetry/records").status == 200);
    CHECK(rita("GET", "/api/v1/streams/audit/records").status == 403);
    CHECK(
        rita("GET", "/api/v1/streams/audit/records", "", "Accept: text/event-stream\r\n").status ==
        403);
    CHECK(rita("GET", "/api/v1/streams/audit").status == 403);
    CHECK(rita("GET", "/api/v1/streams/audit/offsets?time_ms=0").status == 403);
    CHECK(rita("PATCH", "/api/v1/streams/audit", R"({"retention_ms":1})").status == 403);
    CHECK(rita("DELETE", "/api/v1/streams/audit").status == 403);
    CHECK(rita("POST", "/api/v1/streams/audit/records", R"({"value":1})").status == 403);
    const std::string place = R"([{"stream":"audit","to":"end"}])";
    CHECK(rita("PUT", "/api/v1/groups/spy/offsets", place).status == 403);
    CHECK(site.ask("anne", "PUT", "/api/v1/groups/all/offsets", place).status == 200);
    CHECK_THAT(rita("GET", "/api/v1/groups/all").body, !Contains("audit"));
    CHECK_THAT(rita("GET", "/api/v1/streams?internal=true").body,
               Contains("telemetry") && !Contains("audit"));

    for (const char* sql :
         {"SELECT * FROM audit", "SELECT a FROM (SELECT payload AS a FROM audit) b",
          "SELECT t.ts FROM telemetry t JOIN audit a ON t.device = a.device"}) {
        CAPTURE(sql);
        const auto answer = rita("POST", "/api/v1/query", sql);
        CHECK(answer.status == 403);
        CHECK_THAT(answer.body, !Contains(marker));
    }
    const auto all = rita("POST", "/api/v1/query", "SELECT payload FROM '#'");
    CHECK(all.status == 200);
    CHECK_THAT(all.body, !Contains(marker));
    CHECK_THAT(rita("POST", "/api/v1/query", "SHOW TABLES").body, !Contains("audit"));
    CHECK(rita("POST", "/api/v1/rules",
               "CREATE RULE spy AS SELECT actor FROM audit THEN APPEND telemetry")
              .status == 403);
    CHECK(site.ask("anne", "POST", "/api/v1/rules",
                   "CREATE RULE forge AS SELECT a FROM telemetry THEN APPEND audit")
              .status == 403);
    const std::string model = "name: spy\nkind: seasonal_range\nsource: audit\nfields: [ts]\n";
    CHECK(rita("POST", "/api/v1/models", model).status == 403);
    CHECK(site.ask("paul", "GET", "/api/v1/streams/audit").status == 200);
    CHECK(site.ask("anne", "POST", "/api/v1/query", "SELECT actor, action FROM audit").status ==
          200);
    CHECK(site.ask("anne", "DELETE", "/api/v1/streams/audit").status == 409);
    CHECK(site.ask("anne", "POST", "/api/v1/streams/audit/records", R"({"value":1})").status >=
          400);
}

TEST_CASE("the audit goes to no subscriber", "[app][audit]") {
    AuditedSite site;
    MqttSocket rita(site.server().port("mqtt"));
    REQUIRE(site.log_in(rita, "rita"));
    REQUIRE(rita.subscribe("#", holdfast::mqtt::Qos::at_least_once));
    REQUIRE(rita.subscribe("audit", holdfast::mqtt::Qos::at_least_once));
    REQUIRE(site.ask("anne", "POST", "/api/v1/streams", R"({"name":"more"})").status == 201);
    (void)site.audit_with("/api/v1/streams/more");
    REQUIRE(site.ask("anne", "POST", "/api/v1/publish/plant/1", "7").status == 200);
    const auto first = rita.next();
    REQUIRE(first);
    CHECK(first->type == holdfast::mqtt::PacketType::publish);
    const std::string body(holdfast::as_text(first->body));
    CHECK_THAT(body, Contains("plant/1"));
}
