// Goal: a model is trained on what devices sent, promoted, asked in SQL and rolled back over REST;
// it outlives the server, and a training that a kill cut is told of. Method: the program itself.
#include "app/site.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>

using namespace holdfast::test;
using Catch::Contains;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: error
streams: {telemetry: {partitions: 2}}
bridge: [{topic: "plant/{device}/data", stream: telemetry, device: "{device}"}]
training: {memory: 64MiB, versions: 3}
)";
const std::string kPipeline =
    "name: wear\nsource: {stream: telemetry}\nsignals: [heat]\ntarget: {column: wear}\n"
    "folds: {count: 2}\nalgorithm: linear\n";

HttpAnswer ask(Socket& socket, const std::string& method, const std::string& target,
               const std::string& body = "") {
    return http_send(
        socket, fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}",
                            method, target, body.size(), body));
}

// wear = 2 heat.
void feed(Socket& http) {
    std::string lines;
    for (int i = 0; i < 200; ++i)
        lines += fmt::format(
            "{{\"topic\":\"plant/p{}/data\",\"payload\":{{\"heat\":{},\"wear\":{}}},\"ts\":{}}}\n",
            i % 3, i % 7, 2 * (i % 7), 1'700'000'000'000 + i * 1'000LL);
    REQUIRE(http_post(http, "/api/v1/publish", "application/x-ndjson", lines).status == 200);
}

std::string id_of(const HttpAnswer& answer) {
    const std::string key = R"("id":")";
    const auto at = answer.body.find(key) + key.size();
    return answer.body.substr(at, answer.body.find('"', at) - at);
}

bool comes_to_say(Socket& http, const std::string& target, const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(300);
    while (std::chrono::steady_clock::now() < deadline)
        if (http_get(http, target).body.find(text) != std::string::npos) return true;
    return false;
}

void train(Socket& http, const std::string& pipeline) {
    const auto made = ask(http, "POST", "/api/v1/models/wear/train", pipeline);
    CAPTURE(made.body);
    REQUIRE(made.status == 202);
    REQUIRE(comes_to_say(http, "/api/v1/trainings/" + id_of(made), R"("state":"done")"));
}

std::string query(Socket& http, const std::string& sql) {
    return http_post(http, "/api/v1/query?format=csv", "text/plain", sql).body;
}

} // namespace

TEST_CASE("a model is trained, promoted, asked and rolled back over REST", "[app][training]") {
    const Site site(kConfig);
    {
        const auto server = site.start();
        Socket http(server->port("http"));
        feed(http);
        train(http, kPipeline);
        train(http, kPipeline + "cleanse: {limits: {heat: [0, 3]}, outside: clip}\n");
        CHECK_THAT(http_get(http, "/api/v1/models/wear/versions").body,
                   Contains(R"("promoted":null)") && Contains(R"("version":2)"));
        CHECK_THAT(http_get(http, "/api/v1/models/wear/versions/1").body,
                   Contains(R"("end_offset":)") && Contains(R"("pipeline":"name: wear)") &&
                       Contains(R"("report":{"name":"wear")") && Contains(R"("test rmse":)"));
        CHECK_THAT(http_get(http, "/api/v1/models/wear/versions/1/compare/2").body,
                   Contains(R"("same_pipeline":false)") && Contains(R"("same_data":true)") &&
                       Contains(R"("change":)"));
        const std::string sql = "SELECT round(predict('wear', 6), 3) AS wear";
        CHECK_THAT(query(http, sql), Contains("no version of a model 'wear' is in use"));
        CHECK(ask(http, "POST", "/api/v1/models/wear/versions/1/promote").status == 200);
        CHECK(query(http, sql) == "wear\r\n12.0\r\n");
        CHECK(ask(http, "POST", "/api/v1/models/wear/versions/2/promote").status == 200);
        CHECK(query(http, sql) != "wear\r\n12.0\r\n");
        CHECK_THAT(ask(http, "POST", "/api/v1/models/wear/rollback").body,
                   Contains(R"("promoted":1)"));
        CHECK(ask(http, "POST", "/api/v1/models/wear/rollback").status == 404);
        server->signal(SIGTERM);
        REQUIRE(server->wait() == 0);
    }
    const auto server = site.start();
    Socket http(server->port("http"));
    CHECK(query(http, "SELECT round(predict('wear', 6), 3) AS wear") == "wear\r\n12.0\r\n");
    CHECK(http_get(http, "/api/v1/trainings").body == "[]");
    CHECK_THAT(http_get(http, "/api/v1/trained").body, Contains(R"("model":"wear","promoted":1)"));
    const TempDir place;
    const std::string backup = (place.path() / "backup").string();
    const std::string restored = (place.path() / "restored").string();
    const std::string url = fmt::format("http://127.0.0.1:{}", server->port("http"));
    CHECK(run_holdfast({"backup", backup, "--url", url}).exit_code == 0);
    CHECK(ask(http, "DELETE", "/api/v1/models/wear/versions").status == 204);
    CHECK(http_get(http, "/api/v1/trained").body == "[]");
    CHECK(run_holdfast({"restore", backup, "--data-dir", restored}).exit_code == 0);
    ServerProcess again({"serve", "-c", site.config_file().string(), "--data-dir", restored});
    REQUIRE(again.wait_until_ready());
    Socket there(again.port("http"));
    CHECK(query(there, "SELECT round(predict('wear', 6), 3) AS wear") == "wear\r\n12.0\r\n");
}

TEST_CASE("a damaged version is refused by name, and one before it is taken", "[app][training]") {
    const Site site(kConfig);
    auto server = site.start();
    {
        Socket http(server->port("http"));
        feed(http);
        for (const char* number : {"1", "2", "3"}) {
            train(http, kPipeline);
            const auto target = fmt::format("/api/v1/models/wear/versions/{}/promote", number);
            REQUIRE(ask(http, "POST", target).status == 200);
        }
        server->signal(SIGTERM);
        REQUIRE(server->wait() == 0);
    }
    for (const char* number : {"2", "3"})
        write_file(site.data_dir() / "trained" / fmt::format("wear.{}.version", number), "gone");
    server = site.start();
    Socket http(server->port("http"));
    CHECK_THAT(http_get(http, "/api/v1/models/wear/versions").body,
               Contains(R"("promoted":3,"in_use":null)") &&
                   Contains(R"({"version":3,"promoted":true,"bytes":4,"damaged":true,)"));
    const auto refused = ask(http, "POST", "/api/v1/models/wear/rollback");
    CHECK(refused.status == 409);
    CHECK_THAT(refused.body, Contains("version 2 of model 'wear'") && Contains("is damaged") &&
                                 Contains("promoted before that: 1"));
    CHECK(ask(http, "POST", "/api/v1/models/wear/versions/2/promote").status == 409);
    CHECK(ask(http, "POST", "/api/v1/models/wear/rollback?version=9").status == 404);
    CHECK(ask(http, "POST", "/api/v1/models/wear/rollback?version=x").status == 400);
    CHECK_THAT(ask(http, "POST", "/api/v1/models/wear/rollback?version=1").body,
               Contains(R"("promoted":1,"in_use":1)"));
}

TEST_CASE("a promoted model says what it thinks of what comes", "[app][training]") {
    const Site site(kConfig);
    const auto server = site.start();
    Socket http(server->port("http"));
    feed(http);
    train(http, kPipeline + "alarm: {above: 11}\n");
    const std::string predictions = "/api/v1/models/wear/predictions";
    CHECK(http_get(http, predictions).status == 404);
    REQUIRE(ask(http, "POST", "/api/v1/models/wear/versions/1/promote").status == 200);
    CHECK_THAT(http_get(http, predictions).body, Contains(R"("predictions":[])"));
    const auto deleted = ask(http, "DELETE", "/api/v1/streams/telemetry");
    CHECK(deleted.status == 409);
    CHECK_THAT(deleted.body, Contains("trained model 'wear' reads it"));
    feed(http); // up to 6, hence 12
    CHECK(comes_to_say(http, predictions, R"("scored":200)"));
    CHECK(comes_to_say(http, predictions, R"("device":"p2")"));
    // Counted before it is stored, so the alarm comes a little later.
    CHECK(comes_to_say(http, "/api/v1/alarms?state=cleared&source=trained:wear",
                       R"("name":"prediction")"));
}

TEST_CASE("a training that cannot be is refused at once", "[app][training]") {
    const Site site(kConfig);
    const auto server = site.start();
    Socket http(server->port("http"));
    const auto refused = [&](const std::string& pipeline) {
        const auto answer = ask(http, "POST", "/api/v1/models/wear/train", pipeline);
        return fmt::format("{} {}", answer.status, answer.body);
    };
    CHECK_THAT(refused("name: other" + kPipeline.substr(10)), Contains("400") && Contains("names"));
    CHECK_THAT(refused(kPipeline + "colour: red\n"),
               Contains("400") && Contains("pipeline:7: colour: unknown key"));
    CHECK_THAT(refused("name: wear\nsource: {stream: none}" + kPipeline.substr(38)),
               Contains("404"));
    CHECK_THAT(refused("name: wear\nsource: {query: SELECT}" + kPipeline.substr(38)),
               Contains("400") && Contains("line 1"));
    CHECK(ask(http, "GET", "/api/v1/trainings/none").status == 404);
    CHECK(ask(http, "POST", "/api/v1/models/wear/versions/x/promote").status == 400);
}

TEST_CASE("a training that a kill cut is told of as interrupted", "[app][training]") {
    const Site site(kConfig);
    // Many trees for every candidate: it would take minutes.
    const std::string slow = kPipeline.substr(0, kPipeline.find("algorithm")) +
                             "algorithm: boosted_trees\nsettings: {trees: 10000, leaf_rows_min: 1, "
                             "l2: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}\n";
    std::string id;
    {
        const auto server = site.start();
        Socket http(server->port("http"));
        feed(http);
        id = id_of(ask(http, "POST", "/api/v1/models/wear/train", slow));
        REQUIRE(comes_to_say(http, "/api/v1/trainings/" + id, R"("state":"training")"));
        server->signal(SIGKILL);
        (void)server->wait();
    }
    const auto server = site.start();
    Socket http(server->port("http"));
    CHECK_THAT(http_get(http, "/api/v1/trainings/" + id).body,
               Contains(R"("state":"interrupted")"));
    id = id_of(ask(http, "POST", "/api/v1/models/wear/train", slow));
    REQUIRE(comes_to_say(http, "/api/v1/trainings/" + id, R"("state":"training")"));
    CHECK(ask(http, "DELETE", "/api/v1/trainings/" + id).status == 200);
    CHECK(comes_to_say(http, "/api/v1/trainings/" + id, R"("state":"cancelled")"));
    id = id_of(ask(http, "POST", "/api/v1/models/wear/train", slow));
    REQUIRE(comes_to_say(http, "/api/v1/trainings/" + id, R"("state":"training")"));
    server->signal(SIGTERM); // ends soon although a training runs
    CHECK(server->wait() == 0);
}
