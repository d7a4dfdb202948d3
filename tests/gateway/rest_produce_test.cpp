// Goal: records put into a stream over REST are there with key, value, headers and time, all of a
// request or none, and once for each Idempotency-Key. Method: a real log behind a raw HTTP client.
#include <gateway/rest_fixture.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/record/partitioner.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <string>
#include <support/keyspaces.hpp>

using namespace holdfast;
using test::Api;
using test::Client;

namespace {

constexpr std::string_view kRecords = "/api/v1/streams/events/records";

std::string read(Api& api, int partition) {
    return api.client->get(fmt::format("{}?partition={}", kRecords, partition)).body;
}

std::size_t count(Api& api) {
    const std::string all = read(api, 0) + read(api, 1);
    return static_cast<std::size_t>(std::ranges::count(all, '\n'));
}

} // namespace

TEST_CASE("records are produced with key, headers, time and partition", "[gateway][rest]") {
    Api api;
    const auto answer = api.post(
        kRecords, R"([{"key":"a","value":{"v": 1.50},"partition":1,"ts":5000,"headers":{"h":"1"}},
                      {"key":"a","value":null,"partition":1,"ts":"1970-01-01T00:00:06Z"},
                      {"key_base64":"/w==","value_base64":"AP8=","partition":0,"ts":7,
                       "headers":{"raw_base64":"/w=="}}])");
    CHECK(answer.status == 200);
    CHECK(answer.body == R"({"accepted":3,"partitions":[{"partition":0,"offset":0,"count":1},)"
                         R"({"partition":1,"offset":0,"count":2}]})");
    CHECK(
        read(api, 1) ==
        R"({"partition":1,"offset":0,"ts":5000,"key":"a","value":{"v": 1.50},"headers":{"h":"1"}})"
        "\n"
        R"({"partition":1,"offset":1,"ts":6000,"key":"a","value":null,"headers":{}})"
        "\n");
    CHECK(read(api, 0) == R"({"partition":0,"offset":0,"ts":7,"key_base64":"/w==",)"
                          R"("value_base64":"AP8=","headers":{"raw_base64":"/w=="}})"
                          "\n");
}

TEST_CASE("records as they were read may be sent again", "[gateway][rest]") {
    Api api;
    CHECK(api.post(kRecords, R"({"key":"k","value":[1,"x"],"ts":9,"partition":0})").status == 200);
    const std::string first = read(api, 0);
    CHECK(api.post(kRecords, first, "Content-Type: application/x-ndjson\r\n").status == 200);
    std::string both = read(api, 0);
    const auto again = both.substr(first.size());
    CHECK(again == R"({"partition":0,"offset":1,"ts":9,"key":"k","value":[1,"x"],"headers":{}})"
                   "\n");
}

TEST_CASE("a key chooses the partition as Kafka's clients do, none takes turns",
          "[gateway][rest]") {
    Api api;
    std::string lines;
    for (int i = 0; i < 50; ++i)
        lines += fmt::format("{{\"key\":\"{}\",\"value\":{}}}\n", i % 10, i);
    CHECK(api.post(kRecords, lines).status == 200);
    for (int key = 0; key < 10; ++key) {
        const auto partition =
            record::partition_for(as_bytes(fmt::to_string(key)), PartitionIndex{2});
        const auto found =
            api.client->get(fmt::format("{}?partition={}&key={}", kRecords, partition, key));
        CHECK(std::ranges::count(found.body, '\n') == 5);
    }
    const auto before = std::ranges::count(read(api, 0), '\n');
    CHECK(api.post(kRecords, R"({"value":1})").status == 200);
    CHECK(api.post(kRecords, R"({"value":2})").status == 200);
    CHECK(std::ranges::count(read(api, 0), '\n') == before + 1);
}

TEST_CASE("a body that is not JSON is one record", "[gateway][rest]") {
    Api api;
    const auto answer = api.post(std::string(kRecords) + "?key=k&partition=1", "21.5 C",
                                 "Content-Type: text/plain\r\n");
    CHECK(answer.body == R"({"accepted":1,"partitions":[{"partition":1,"offset":0,"count":1}]})");
    CHECK_THAT(read(api, 1), Catch::Contains(R"("key":"k","value_base64":"MjEuNSBD",)"
                                             R"("headers":{"content-type":"text/plain"})"));
}

TEST_CASE("a wrong record refuses the whole request and says which and why", "[gateway][rest]") {
    Api api;
    const std::string good = R"({"key":"k","value":1})";
    struct Row {
        std::string body, why;
        unsigned status = 400;
    };
    const std::vector<Row> rows{
        {"[1]", "record 0: an object"},
        {good + "\n{", "record 1: not JSON"},
        {good + "\n{\"key\":\"k\"}", "record 1: either value or value_base64"},
        {R"({"value":1,"value_base64":"AA=="})", "either value"},
        {R"({"value":1,"key":"a","key_base64":"AA=="})", "either key"},
        {R"({"value":1,"key":1})", "key: not a text"},
        {R"({"value_base64":"?"})", "value_base64: not base64"},
        {R"({"value":1,"headers":[]})", "headers: not an object"},
        {R"({"value":1,"headers":{"a":1}})", "a: not a text"},
        {R"({"value":1,"headers":{"":"x"}})", "header's name"},
        {R"({"value":1,"ts":-1})", "ts:"},
        {R"({"value":1,"ts":"soon"})", "ts: 'soon'"},
        {R"({"value":1,"partition":-1})", "partition:"},
        {good + R"(
{"value":1,"partition":2})",
         "record 1: partition 2"},
        {R"({"value":1,"speed":2})", "'speed' is unknown"},
        {good + "\n{\"value\":\"" + std::string(1U << 20U, 'x') + "\"}", "record 1: larger", 413},
    };
    for (const Row& row : rows) {
        CAPTURE(row.why);
        const auto answer = api.post(kRecords, row.body);
        CHECK(answer.status == row.status);
        CHECK_THAT(answer.body, Catch::Contains(row.why));
    }
    CHECK(api.post("/api/v1/streams/none/records", good).status == 404);
    CHECK(api.post(std::string(kRecords) + "?key=k", good).status == 400);
    CHECK(count(api) == 0);
    CHECK(api.post(kRecords, "").body == R"({"accepted":0,"partitions":[]})");
}

TEST_CASE("records need a key in a compacted stream, and the server's own streams take none",
          "[gateway][rest]") {
    Api api;
    log::StreamSettings settings;
    settings.name = "compacted";
    settings.cleanup_policy = log::CleanupPolicy::compact;
    REQUIRE(api.log->create_stream(settings));
    settings.name = "own";
    settings.internal = true;
    REQUIRE(api.log->create_stream(settings));
    const auto answer = api.post("/api/v1/streams/compacted/records", R"({"value":1})");
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body, Catch::Contains("record 0: stream 'compacted' is compacted"));
    CHECK(api.post("/api/v1/streams/own/records", R"({"key":"k","value":1})").status == 403);
}

TEST_CASE("many records of one partition keep their order over several batches",
          "[gateway][rest]") {
    Api api;
    auto settings = api.log->find_stream("events")->settings;
    settings.message_bytes_max = 1'024;
    REQUIRE(api.log->alter_stream(settings));
    std::string lines;
    for (int i = 0; i < 500; ++i) lines += fmt::format("{{\"value\":{},\"partition\":1}}\n", i);
    CHECK(api.post(kRecords, lines).body ==
          R"({"accepted":500,"partitions":[{"partition":1,"offset":0,"count":500}]})");
    const auto all = test::read_all(*api.log, api.partition(1)).value();
    REQUIRE(all.size() == 500);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i] == test::StoredValue{static_cast<Offset>(i), std::to_string(i)}) continue;
        FAIL("record " << i);
    }
}

TEST_CASE("a repeated Idempotency-Key gets the first answer and stores nothing",
          "[gateway][rest]") {
    Api api;
    const std::string record = R"({"value":1,"partition":0})";
    const std::string key = "Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324\r\n";
    const auto first = api.post(kRecords, record, key);
    CHECK(first.status == 200);
    CHECK_FALSE(first.has("Idempotent-Replayed"));
    for (int i = 0; i < 3; ++i) {
        const auto again = api.post(kRecords, record, key);
        CHECK(again.status == 200);
        CHECK(again.body == first.body);
        CHECK(again.has("Idempotent-Replayed: true"));
    }
    CHECK(count(api) == 1);
    const auto other = api.post(kRecords, R"({"value":2,"partition":0})", key);
    CHECK(other.status == 422);
    CHECK(api.post("/api/v1/publish/a", record, key).status == 422);
    CHECK(count(api) == 1);
    CHECK(api.post(kRecords, record, "Idempotency-Key: another\r\n").status == 200);
    CHECK(api.post(kRecords, record).status == 200);
    CHECK(count(api) == 3);
    CHECK(api.post(kRecords, record, "Idempotency-Key: \r\n").status == 400);
    CHECK(api.post(kRecords, record, "Idempotency-Key: " + std::string(256, 'k') + "\r\n").status ==
          400);
}

TEST_CASE("a key whose request was refused may be used again", "[gateway][rest]") {
    Api api;
    const std::string key = "Idempotency-Key: k\r\n";
    CHECK(api.post(kRecords, R"({"value":1,"partition":7})", key).status == 400);
    CHECK(api.post(kRecords, R"({"value":1,"partition":0})", key).status == 200);
    CHECK(count(api) == 1);
}

TEST_CASE("publishing is repeated safely as well, one message or many", "[gateway][rest]") {
    Api api;
    const auto one = api.post("/api/v1/publish/a", "1", "Idempotency-Key: 1\r\n");
    CHECK(one.status == 200);
    CHECK(api.post("/api/v1/publish/a", "1", "Idempotency-Key: 1\r\n").body == one.body);
    const std::string body = R"([{"topic":"a","payload":1},{"topic":"b","payload":2}])";
    for (int i = 0; i < 2; ++i)
        CHECK(api.post("/api/v1/publish", body, "Idempotency-Key: 2\r\n").body ==
              R"({"accepted":2})");
    CHECK(api.publisher.messages.size() == 3);
}

TEST_CASE("one of many requests with the same key at once stores", "[gateway][rest]") {
    Api api;
    std::vector<std::future<test::Answer>> answers;
    for (int i = 0; i < 8; ++i)
        answers.push_back(std::async(std::launch::async, [&] {
            Client client(api.running->server().port());
            return client.send("POST", kRecords, R"({"value":1,"partition":0})",
                               "Idempotency-Key: k\r\n");
        }));
    for (auto& answer : answers) {
        const auto status = answer.get().status;
        CHECK((status == 200 || status == 409));
    }
    CHECK(count(api) == 1);
}

TEST_CASE("answers are forgotten after a day", "[gateway][rest]") {
    test::TempDir dir;
    ManualClock clock;
    Metrics metrics;
    auto log = log::Log::open({.directory = dir.path() / "log", .keyspaces = test::all_keyspaces()},
                              clock, metrics)
                   .value();
    gateway::IdempotencyKeys keys(*log, clock);
    gateway::HttpRequest request;
    request.method = "POST";
    request.caller = gateway::everybody();
    const auto take = [&](std::string_view key) {
        auto turn = keys.begin(key, request);
        auto* ticket = std::get_if<std::shared_ptr<gateway::IdempotencyKeys::Ticket>>(&turn);
        if (ticket == nullptr) return std::get<gateway::HttpResponse>(turn).body;
        REQUIRE(log::StateWrite::write(*log, {(*ticket)->remember("stored")}));
        return std::string("new");
    };
    CHECK(take("a") == "new");
    clock.advance_ms(1'000);
    CHECK(take("b") == "new");
    CHECK(take("a") == "stored");
    clock.advance_ms(gateway::IdempotencyKeys::kKeptMs - 500);
    CHECK(take("b") == "stored");
    CHECK(keys.expire(clock.now_ms()).value() == 1);
    CHECK(take("a") == "new");
    CHECK(take("b") == "stored");
}
