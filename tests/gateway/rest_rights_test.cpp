// Goal: what a body names is asked for like what a path names: topics of a batch, streams of a
// query however they are named, what a rule would do. Method: REST over a log in a temporary
// directory with one user, whose token the client sends.
#include <holdfast/config/access_file.hpp>
#include <holdfast/gateway/rest/rule_rights.hpp>
#include <holdfast/identity/authenticator.hpp>
#include <holdfast/identity/tokens.hpp>
#include <holdfast/query/engine.hpp>
#include "gateway/rest_fixture.hpp"

#include <catch2/catch.hpp>

using namespace holdfast;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kAccess = R"(
roles:
  operator:
    - {allow: publish, topics: ["plant/#"]}
    - {deny: publish, topics: ["plant/+/recipe"]}
    - {allow: subscribe, topics: ["plant/#"]}
    - {allow: [read, write, manage], streams: ["plant-*"]}
    - {allow: read, areas: [query, alarms]}
)";

access::Policy policy() {
    const auto file = config::parse_access(kAccess, "access.yaml");
    REQUIRE(file);
    auto made = access::Policy::make(file.value());
    REQUIRE(made);
    return std::move(made).value();
}

class Site {
public:
    Site() : log_(open()) {
        for (const char* name : {"plant-1", "plant-2", "office"}) {
            log::StreamSettings settings;
            settings.name = name;
            REQUIRE(log_->create_stream(settings));
        }
        publisher.log = log_.get();
        const auto token = identity::make_token("eve", "", clock_.now_ms(), 0);
        identity::Users users;
        users.users = {{"eve", {"operator"}, "", false}};
        users.tokens = {token.stored};
        auto directory = identity::Directory::make(policy(), users, "users");
        REQUIRE(directory);
        identity_.replace(directory.value());
        header_ = "Authorization: Bearer " + token.text + "\r\n";

        query::Engine::Parts parts{*log_, clock_, [](std::string_view filter) {
                                       return filter == "#" ? Names{"plant-1", "office"}
                                                            : Names{"plant-1"};
                                   }};
        parts.tables.push_back(query::streams_table(*log_));
        parts.tables.push_back(query::alarms_table(alarms_));
        query_.emplace(query::EngineSettings{.threads = 1}, std::move(parts));
        const gateway::Once once(keys_, work_);
        gateway::add_publish_routes(router_, publisher, once);
        gateway::add_produce_routes(router_, *log_, clock_, once);
        gateway::add_stream_routes(
            router_, *log_, [](std::string_view) { return Names{}; }, [] {}, work_);
        gateway::add_query_route(router_, *query_);
        gateway::HttpDoor door;
        door.identity = &identity_;
        running_.emplace(router_, std::move(door));
        client_.emplace(running_->server().port());
    }
    ~Site() {
        client_.reset();
        running_->stop();
        query_.reset();
        work_.stop();
    }
    test::Answer send(std::string_view method, std::string_view target, std::string_view body) {
        return client_->send(method, target, body, header_);
    }
    test::Answer ask(std::string_view sql) { return send("POST", "/api/v1/query", sql); }

    test::FakePublisher publisher;

private:
    using Names = std::vector<std::string>;
    std::unique_ptr<log::Log> open() {
        auto opened =
            log::Log::open({.directory = dir_.path() / "log", .keyspaces = test::all_keyspaces()},
                           clock_, metrics_);
        REQUIRE(opened);
        return std::move(opened).value();
    }

    test::TempDir dir_;
    SystemClock clock_;
    Metrics metrics_;
    std::unique_ptr<log::Log> log_;
    gateway::IdempotencyKeys keys_{*log_, clock_};
    alarms::Registry alarms_;
    identity::Authenticator identity_{{}, clock_, metrics_};
    std::string header_;
    gateway::WorkQueue work_;
    std::optional<query::Engine> query_;
    gateway::Router router_;
    std::optional<test::RunningServer> running_;
    std::optional<test::Client> client_;
};

} // namespace

TEST_CASE("a batch with one topic that may not be published is refused whole",
          "[gateway][rights]") {
    Site site;
    const auto refused = site.send("POST", "/api/v1/publish",
                                   R"([{"topic":"plant/1/a","payload":1},)"
                                   R"({"topic":"plant/1/recipe","payload":2}])");
    CHECK(refused.status == 403);
    CHECK_THAT(refused.body, Contains("message 1: publish of topic 'plant/1/recipe'"));
    CHECK(site.publisher.messages.empty());
    CHECK(site.send("POST", "/api/v1/publish", R"([{"topic":"plant/1/a","payload":1}])").status ==
          200);
    CHECK(site.send("POST", "/api/v1/publish/plant/1/recipe", "x").status == 403);
}

TEST_CASE("who lists streams sees those he may read, and makes those he may manage",
          "[gateway][rights]") {
    Site site;
    const auto listed = site.send("GET", "/api/v1/streams", "");
    CHECK_THAT(listed.body, Contains("plant-1") && Contains("plant-2") && !Contains("office"));
    CHECK(site.send("POST", "/api/v1/streams", R"({"name":"plant-3"})").status == 201);
    CHECK(site.send("POST", "/api/v1/streams", R"({"name":"office-2"})").status == 403);
    CHECK(site.send("GET", "/api/v1/streams/office", "").status == 403);
    CHECK(site.send("DELETE", "/api/v1/streams/office", "").status == 403);
}

TEST_CASE("a query reads only what whoever asks may read", "[gateway][rights]") {
    struct Row {
        const char* sql;
        unsigned status;
    };
    const auto row = GENERATE(values<Row>({
        {"SELECT count(*) FROM \"plant-1\"", 200},
        {"SELECT count(*) FROM office", 403},
        {"SELECT count(*) FROM 'plant/#'", 200},
        {"SELECT count(*) FROM '#'", 403},
        {"SELECT count(*) FROM TABLE('plant/#' KEY device)", 200},
        {"SELECT count(*) FROM TABLE('#' KEY device)", 403},
        {"SELECT count(*) FROM (SELECT 1 AS one FROM office) AS o", 403},
        {"WITH o AS (SELECT ts FROM office) SELECT count(*) FROM o", 403},
        {"SELECT ts FROM \"plant-1\" UNION ALL SELECT ts FROM office", 403},
        {"SELECT a.ts FROM \"plant-1\" AS a JOIN office AS b ON a.ts = b.ts", 403},
        {"EXPLAIN SELECT count(*) FROM office", 403},
        {"SELECT count(*) FROM alarms", 200},
        {"SELECT count(*) FROM streams", 200}, // shows those that may be read
        {"DESCRIBE streams", 200},
    }));
    CAPTURE(row.sql);
    Site site;
    const auto answer = site.ask(row.sql);
    CAPTURE(answer.body);
    CHECK(answer.status == row.status);
}

TEST_CASE("tables about streams show those that whoever asks may read", "[gateway][rights]") {
    Site site;
    CHECK_THAT(site.ask("SELECT name FROM streams").body,
               Contains("plant-1") && Contains("plant-2") && !Contains("office"));
}

TEST_CASE("neither SHOW TABLES nor a mistake tells what may not be read", "[gateway][rights]") {
    Site site;
    CHECK_THAT(site.ask("SHOW TABLES").body,
               Contains("plant-1") && Contains("alarms") && !Contains("office"));
    CHECK_THAT(site.ask("SELECT 1 FROM offic").body, !Contains("office"));
}

TEST_CASE("a rule does only what its maker may do", "[gateway][rights]") {
    struct Row {
        const char* sql;
        bool is_allowed;
    };
    const auto row = GENERATE(values<Row>({
        {"CREATE RULE r AS SELECT device FROM 'plant/#' THEN PUBLISH 'plant/1/hot'", true},
        {"CREATE RULE r AS SELECT device FROM '#' THEN PUBLISH 'plant/1/hot'", false},
        {"CREATE RULE r AS SELECT device FROM 'plant/#' THEN PUBLISH 'plant/1/recipe'", false},
        {"CREATE RULE r AS SELECT device FROM 'plant/#' THEN PUBLISH 'office/hot'", false},
        // It can become plant/1/recipe, which is denied.
        {"CREATE RULE r AS SELECT device FROM 'plant/#' THEN PUBLISH 'plant/1/${device}'", false},
        {"CREATE RULE r AS SELECT device FROM \"plant-1\" THEN APPEND \"plant-2\"", true},
        {"CREATE RULE r AS SELECT device FROM office THEN APPEND \"plant-2\"", false},
        {"CREATE RULE r AS SELECT device FROM \"plant-1\" THEN APPEND office", false},
    }));
    CAPTURE(row.sql);
    access::Principal eve;
    eve.name = "eve";
    eve.kind = access::PrincipalKind::user;
    eve.roles = {"operator"};
    const auto rule = sql::parse_rule(row.sql);
    INFO((rule ? "" : rule.error().context));
    REQUIRE(rule);
    CHECK(gateway::check_rule_rights(policy().rights_of(eve), rule.value()).has_value() ==
          row.is_allowed);
}
