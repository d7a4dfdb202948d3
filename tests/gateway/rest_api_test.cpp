// Goal: REST says what docs/rest/ says: publish all or none and only after storing, streams and
// their records, alarms, health. Method: a real log in a temporary directory, a publisher that
// stores what it is given or refuses, a raw HTTP client.
#include <gateway/rest_fixture.hpp>

#include <catch2/catch.hpp>

#include <future>

using namespace holdfast;
using test::Api;
using test::Client;

TEST_CASE("one message is published with its bytes and content type", "[gateway][rest]") {
    Api api;
    const auto answer = api.post("/api/v1/publish/plant/1/in?qos=0", std::string_view("\0\xff", 2),
                                 "Content-Type: application/octet-stream\r\n");
    CHECK(answer.status == 200);
    CHECK(answer.body == R"({"stream":"events","partition":1,"offset":0})");
    REQUIRE(api.publisher.messages.size() == 1);
    const auto& message = api.publisher.messages[0];
    CHECK(message.topic == "plant/1/in");
    CHECK(message.payload == std::string("\0\xff", 2));
    CHECK(message.content_type == "application/octet-stream");
    CHECK(message.qos == 0);
    CHECK(message.client_id == "http");
}

TEST_CASE("many messages come as an array or as lines and keep their bytes", "[gateway][rest]") {
    Api api;
    CHECK(
        api.post("/api/v1/publish",
                 R"( [{"topic":"a","payload":{"v": 1.50},"ts":5}, {"topic":"b","payload":"t\"x"}])")
            .body == R"({"accepted":2})");
    CHECK(api.post("/api/v1/publish",
                   "{\"topic\":\"c\",\"payload\":[1, 2]}\r\n\n"
                   "{\"topic\":\"d\",\"payload\":null,\"retain\":true}\n")
              .body == R"({"accepted":2})");
    CHECK(api.post("/api/v1/publish", "").body == R"({"accepted":0})");
    const auto& sent = api.publisher.messages;
    REQUIRE(sent.size() == 4);
    CHECK(sent[0].payload == R"({"v": 1.50})");
    CHECK(sent[0].event_ms == 5);
    CHECK(sent[1].payload == "t\"x");
    CHECK(sent[2].payload == "[1, 2]");
    CHECK(sent[3].payload == "null");
    CHECK(sent[3].retain);
    CHECK_FALSE(sent[2].retain);
}

TEST_CASE("a wrong message refuses the whole request and says why", "[gateway][rest]") {
    struct Row {
        std::string body;
        unsigned status;
        const char* detail;
    };
    const std::string good = R"({"topic":"a","payload":1})";
    const auto row = GENERATE_COPY(values<Row>({
        {good + "\n{\"topic\":\"a/#\",\"payload\":1}", 400, "message 1: 'a/#' is not a topic"},
        {good + "\n{\"payload\":1}", 400, "message 1: '' is not a topic"},
        {R"([{"topic":"a"}])", 400, "message 0: payload is missing"},
        {R"([{"topic":"a","payload":1,"x":2}])", 400, "message 0: 'x' is unknown"},
        {R"([{"topic":"a","payload":1,"retain":"yes"}])", 400, "message 0: 'retain' is unknown"},
        {R"([1])", 400, "message 0: an object is expected"},
        {R"([{"topic":"a","payload":1})", 400, "not JSON"},
        {std::string(10'000, '['), 400, "not JSON"},
        {"{\"topic\":\"a\",\"payload\":\"\xff\"}", 400, "not JSON"},
    }));
    CAPTURE(row.body.substr(0, 60));
    Api api;
    const auto answer = api.post("/api/v1/publish", row.body);
    CHECK(answer.status == row.status);
    CHECK_THAT(answer.body, Catch::Contains(row.detail));
    CHECK(api.publisher.messages.empty());
}

TEST_CASE("what the log refuses reaches the client with Retry-After", "[gateway][rest]") {
    Api api;
    api.publisher.refusal = fail(Errc::no_space, "the disk is full");
    auto answer = api.post("/api/v1/publish/a", "x");
    CHECK(answer.status == 507);
    CHECK(answer.has("Retry-After"));
    CHECK_THAT(answer.body, Catch::Contains("the disk is full"));
    api.publisher.refusal = fail(Errc::limit_exceeded, "too much is waiting");
    answer = api.post("/api/v1/publish", R"({"topic":"a","payload":1})");
    CHECK(answer.status == 429);
    CHECK(answer.has("Retry-After"));
    CHECK(api.post("/api/v1/publish/a?retain=maybe", "x").status == 400);
    CHECK(api.post("/api/v1/publish/a?qos=3", "x").status == 400);
    CHECK(api.post("/api/v1/publish/a?q=2", "x").status == 400);
    CHECK(api.post("/api/v1/publish/a%2Fb%23", "x").status == 400);
    CHECK(api.post("/api/v1/publish", "x", "Content-Type: text/plain\r\n").status == 415);
}

TEST_CASE("streams are listed, made, changed and deleted", "[gateway][rest]") {
    Api api;
    const auto made =
        api.post("/api/v1/streams", R"({"name":"s","partitions":3,"durability":"os"})");
    CHECK(made.status == 201);
    CHECK_THAT(made.body, Catch::Contains(R"("durability":"os")"));
    CHECK(api.post("/api/v1/streams", R"({"name":"s"})").status == 409);
    CHECK(api.post("/api/v1/streams", R"({"name":"a/b"})").status == 400);
    CHECK(api.post("/api/v1/streams", R"({"name":"t","partitions":0})").status == 400);
    CHECK(api.post("/api/v1/streams", R"({"name":"t","speed":1})").status == 400);
    CHECK_THAT(api.client->get("/api/v1/streams").body, Catch::Contains(R"("name":"s")"));
    const auto changed =
        api.client->send("PATCH", "/api/v1/streams/s", R"({"compression":"zstd"})");
    CHECK(changed.status == 200);
    CHECK_THAT(changed.body, Catch::Contains(R"("compression":"zstd")"));
    const auto grown = api.client->send("PATCH", "/api/v1/streams/s",
                                        R"({"partitions":4,"retention.ms":"60000"})");
    CHECK(grown.status == 200);
    CHECK_THAT(grown.body, Catch::Contains(R"("retention_ms":60000)"));
    CHECK_THAT(grown.body, Catch::Contains(R"({"partition":3,"log_start_offset":0)"));
    const auto compacted = api.client->send(
        "PATCH", "/api/v1/streams/s",
        R"({"cleanup.policy":"compact","min.cleanable.dirty.ratio":0.25,"delete.retention.ms":5})");
    CHECK(compacted.status == 200);
    CHECK_THAT(compacted.body, Catch::Contains(R"("cleanup_policy":"compact")"));
    CHECK_THAT(compacted.body, Catch::Contains(R"("dirty_ratio_min":0.25)"));
    CHECK_THAT(compacted.body, Catch::Contains(R"("delete_retention_ms":5)"));
    CHECK(api.client->send("PATCH", "/api/v1/streams/s", R"({"dirty_ratio_min":2})").status == 400);
    CHECK(api.client->send("PATCH", "/api/v1/streams/s", R"({"partitions":2})").status == 400);
    CHECK(api.client->send("PATCH", "/api/v1/streams/s", R"({"retention_ms":0})").status == 400);
    CHECK(api.client->send("PATCH", "/api/v1/streams/s", R"({"name":"t"})").status == 400);
    CHECK(api.client->get("/api/v1/streams?hidden=1").status == 400);
    CHECK(api.client->send("DELETE", "/api/v1/streams/s", "").status == 204);
    CHECK(api.client->get("/api/v1/streams/s").status == 404);
}

TEST_CASE("a setting has one name and one value in a request", "[gateway][rest]") {
    Api api;
    for (const char* body :
         {R"({"name":"s","retention_ms":60000,"retention.ms":"60000"})",
          R"({"name":"s","partitions":1,"partitions":2})", R"({"name":"s","name":"t"})",
          R"({"name":"s","retention_ms":9223372036854775807})",
          R"({"name":"s","message_bytes_max":134217728})"}) {
        CAPTURE(body);
        CHECK(api.post("/api/v1/streams", body).status == 400);
    }
    CHECK_THAT(
        api.post("/api/v1/streams", R"({"name":"s","retention_ms":1,"retention.ms":2})").body,
        Catch::Contains("'retention_ms' and 'retention.ms' are one setting"));
    CHECK(api.log->find_stream("s") == nullptr);
}

TEST_CASE("what a request asks for and nobody serves is a mistake", "[gateway][rest]") {
    Api api;
    for (const char* target :
         {"/api/v1/streams?internal=maybe", "/api/v1/streams/events?x=1",
          "/api/v1/alarms?states=active", "/api/v1/groups?x", "/healthz?x=1", "/metrics?x=1",
          "/api/v1/openapi.json?x=1", "/api/v1/streams/events/records?offsets=1"}) {
        CAPTURE(target);
        const auto answer = api.client->get(target);
        CHECK(answer.status == 400);
    }
    CHECK_THAT(api.client->get("/api/v1/streams?intern=true").body,
               Catch::Contains("unknown query parameter 'intern'; known are internal"));
    CHECK(api.post("/api/v1/publish?qos=1", "{}").status == 400);
    CHECK(api.post("/api/v1/streams/events/records?key=a", R"({"value":1})").status == 400);
}

TEST_CASE("a time is RFC 3339 or epoch milliseconds at every door, and a time", "[gateway][rest]") {
    Api api;
    REQUIRE(test::append_values(*api.log, api.partition(1), {"a", "b"}, 1000));
    const std::string at = "\"1970-01-01T00:00:01.5Z\"";
    CHECK(api.client->get("/api/v1/streams/events/offsets?time_ms=1970-01-01T00:00:01.5Z").status ==
          200);
    CHECK(api.post("/api/v1/publish", R"({"topic":"a","payload":1,"ts":)" + at + "}").status ==
          200);
    CHECK(api.publisher.messages.back().event_ms == 1'500);
    const auto put = [&](const std::string& time) {
        return api.client->send("PUT", "/api/v1/groups/g/offsets",
                                R"([{"stream":"events","time_ms":)" + time + "}]");
    };
    CHECK(put(at).status == 200);
    for (const std::string wrong : {"-1", "9223372036854775807", "\"yesterday\"", "1.5", "null"}) {
        CAPTURE(wrong);
        CHECK(put(wrong).status == 400);
        CHECK(
            api.post("/api/v1/publish", R"({"topic":"a","payload":1,"ts":)" + wrong + "}").status ==
            400);
        CHECK(api.post("/api/v1/streams/events/records", R"({"value":1,"ts":)" + wrong + "}")
                  .status == 400);
    }
    for (const char* wrong : {"-1", "9223372036854775807", "", "1969-12-31T23:59:59Z"}) {
        CAPTURE(wrong);
        CHECK(api.client->get(std::string("/api/v1/streams/events/offsets?time_ms=") + wrong)
                  .status == 400);
        CHECK(api.client->get(std::string("/api/v1/streams/events/records?from=") + wrong).status ==
              400);
    }
}

TEST_CASE("media types compare without case", "[gateway][rest]") {
    Api api;
    CHECK(api.post("/api/v1/publish", R"({"topic":"a","payload":1})",
                   "Content-Type: Application/JSON ; charset=utf-8\r\n")
              .status == 200);
    CHECK_THAT(api.post("/api/v1/streams/events/records", R"({"value":1})",
                        "Content-Type: APPLICATION/x-ndjson\r\n")
                   .body,
               Catch::Contains(R"("accepted":1)"));
    CHECK_THAT(api.client->get("/api/v1/streams/events/records?partition=0").body +
                   api.client->get("/api/v1/streams/events/records?partition=1").body,
               Catch::Contains(R"("value":1,)"));
}

TEST_CASE("a value keeps its digits, on one line", "[gateway][rest]") {
    Api api;
    REQUIRE(
        test::append_values(*api.log, api.partition(1), {"{\n \"a\" : [0.5, 1.10,\r\n \"x y\"]}"}));
    CHECK_THAT(api.client->get("/api/v1/streams/events/records?partition=1").body,
               Catch::Contains(R"("value":{"a":[0.5,1.10,"x y"]})"));
}

TEST_CASE("what its stream never takes is 413, and is not to be sent again", "[gateway][rest]") {
    Api api;
    api.publisher.refusal = fail(Errc::too_large, "larger than its stream takes");
    const auto answer = api.post("/api/v1/publish/a", "x");
    CHECK(answer.status == 413);
    CHECK_FALSE(answer.has("Retry-After"));
}

TEST_CASE("a stream that is used is not deleted, and its users are named", "[gateway][rest]") {
    Api api;
    api.users = {"the bridge leads topics to it", "rule 'hot' reads it"};
    const auto refused = api.client->send("DELETE", "/api/v1/streams/events", "");
    CHECK(refused.status == 409);
    CHECK_THAT(refused.body, Catch::Contains("stream 'events' is in use: the bridge leads topics "
                                             "to it; rule 'hot' reads it"));
    CHECK(api.client->send("DELETE", "/api/v1/streams/none", "").status == 404);
    CHECK(api.client->get("/api/v1/streams/events").status == 200);
    api.users.clear();
    CHECK(api.client->send("DELETE", "/api/v1/streams/events", "").status == 204);
}

TEST_CASE("records are read by offset, with limit and the next offset", "[gateway][rest]") {
    Api api;
    REQUIRE(test::append_values(*api.log, api.partition(1),
                                {R"({"v": 1})", "text", std::string("\xff\xfe"), "{\n\"a\":2}"}));
    const auto all = api.client->get("/api/v1/streams/events/records?partition=1");
    CHECK(all.status == 200);
    CHECK(all.has("X-Next-Offset: 4"));
    CHECK_THAT(all.body, Catch::StartsWith(R"({"partition":1,"offset":0,"ts":1700000000000,)"
                                           R"("key":"key","value":{"v": 1},"headers":{}})"));
    CHECK_THAT(all.body, Catch::Contains(R"("offset":1,"ts":1700000000000,"key":"key",)"
                                         R"("value_base64":"dGV4dA==")"));
    CHECK_THAT(all.body, Catch::Contains(R"("value_base64":"//4=")"));
    CHECK_THAT(all.body, Catch::Contains(R"("value":{"a":2})"));
    CHECK(std::ranges::count(all.body, '\n') == 4);
    const auto some =
        api.client->get("/api/v1/streams/events/records?partition=1&offset=1&limit=2");
    CHECK(std::ranges::count(some.body, '\n') == 2);
    CHECK(some.has("X-Next-Offset: 3"));
    CHECK(api.client->get("/api/v1/streams/events/records?partition=2").status == 400);
    CHECK(api.client->get("/api/v1/streams/events/records?partition=1&offset=9").status == 404);
    CHECK(api.client->get("/api/v1/streams/none/records").status == 404);
}

TEST_CASE("records are picked by key and by time", "[gateway][rest]") {
    Api api;
    const auto append = [&](const char* key, std::int64_t time_ms, const char* value) {
        REQUIRE(test::append_keyed(*api.log, api.partition(0), {{key, value}}, time_ms));
    };
    append("a", 1'000, "1");
    append("b", 2'000, "2");
    append("a", 3'000, "3");
    append("\xff", 4'000, "4");
    const auto values = [&](std::string_view query) {
        const auto answer = api.client->get("/api/v1/streams/events/records?" + std::string(query));
        CAPTURE(query, answer.body);
        CHECK(answer.status == 200);
        CHECK(answer.has("X-End-Offset: 4"));
        std::string found;
        const std::string member = "\"value\":";
        for (auto at = answer.body.find(member); at != std::string::npos;
             at = answer.body.find(member, at + 1))
            found += answer.body[at + member.size()];
        return found;
    };
    CHECK(values("key=a") == "13");
    CHECK(values("key=a&limit=1") == "1");
    CHECK(values("key=c").empty());
    CHECK(values("key_base64=/w==") == "4");
    CHECK(values("from=2000") == "234");
    CHECK(values("from=1970-01-01T00:00:02Z&to=1970-01-01T00:00:04Z") == "23");
    CHECK(values("to=1970-01-01T02:00:03+02:00") == "12");
    CHECK(values("offset=1&key=a&from=0") == "3");
    for (const char* wrong :
         {"key=a&key_base64=YQ==", "key_base64=YQ", "from=yesterday", "from=-1", "to="}) {
        CAPTURE(wrong);
        const auto answer = api.client->get("/api/v1/streams/events/records?" + std::string(wrong));
        CHECK(answer.status == 400);
    }
}

TEST_CASE("a long poll for one key goes on past records of others", "[gateway][rest]") {
    Api api;
    Client reader(api.running->server().port());
    auto answer = std::async(std::launch::async, [&] {
        return reader.get("/api/v1/streams/events/records?key=mine&wait_ms=30000");
    });
    REQUIRE(test::append_values(*api.log, api.partition(0), {"1", "2"}));
    REQUIRE(test::append_keyed(*api.log, api.partition(0), {{"mine", "3"}}));
    CHECK_THAT(answer.get().body, Catch::StartsWith(R"({"partition":0,"offset":2,)"));
}

TEST_CASE("a long poll is answered by the next record, or empty in the end", "[gateway][rest]") {
    Api api;
    CHECK(api.client->get("/api/v1/streams/events/records?wait_ms=20").body.empty());
    Client reader(api.running->server().port());
    auto answer = std::async(std::launch::async, [&] {
        return reader.get("/api/v1/streams/events/records?offset=0&wait_ms=30000");
    });
    REQUIRE(test::append_values(*api.log, api.partition(0), {"1"}));
    CHECK_THAT(answer.get().body, Catch::Contains(R"("value":1)"));
}

TEST_CASE("the offsets at a time are told for all partitions", "[gateway][rest]") {
    Api api;
    REQUIRE(test::append_values(*api.log, api.partition(1), {"a", "b"}, 1000));
    REQUIRE(test::append_values(*api.log, api.partition(1), {"c"}, 2000));
    const std::string path = "/api/v1/streams/events/offsets";
    CHECK(api.client->get(path + "?time_ms=1500").body ==
          R"([{"partition":0,"offset":0},{"partition":1,"offset":2}])");
    CHECK(api.client->get(path).status == 400);
    CHECK(api.client->get(path + "?time_ms=x").status == 400);
    CHECK(api.client->get("/api/v1/streams/none/offsets?time_ms=1").status == 404);
    CHECK_THAT(api.client->get("/api/v1/streams/events").body,
               Catch::Contains(R"("last_stable_offset":3,"high_watermark":3,"bytes":)"));
}

TEST_CASE("consumer groups keep, show and reset their offsets", "[gateway][rest]") {
    Api api;
    REQUIRE(test::append_values(*api.log, api.partition(0), {"a", "b", "c"}, 1000));
    REQUIRE(test::append_values(*api.log, api.partition(1), {"d"}, 2000));
    const std::string group = "/api/v1/groups/billing";
    const auto put = [&](std::string_view body) {
        return api.client->send("PUT", group + "/offsets", body);
    };
    CHECK(api.client->get("/api/v1/groups").body == "[]");
    CHECK(api.client->get(group).status == 404);
    const auto made = put(R"([{"stream":"events","partition":0,"offset":1,"metadata":"page 7"}])");
    CHECK(made.status == 200);
    CHECK_THAT(made.body,
               Catch::StartsWith(R"({"group":"billing","lag":2,"partitions":[{"stream":"events",)"
                                 R"("partition":0,"offset":1,"lag":2,"metadata":"page 7",)"
                                 R"("committed_ms":1)"));
    CHECK_THAT(put(R"([{"stream":"events","to":"end"}])").body, Catch::Contains(R"("lag":0,)"));
    CHECK_THAT(put(R"([{"stream":"events","to":"start"}])").body, Catch::Contains(R"("lag":4,)"));
    CHECK_THAT(put(R"([{"stream":"events","time_ms":1500}])").body,
               Catch::Contains(R"("partition":0,"offset":3)"));
    CHECK_THAT(api.client->get("/api/v1/groups").body, Catch::Contains(R"("group":"billing")"));
    for (const char* wrong :
         {"{}", "[]", "[1]", R"([{"partition":0,"offset":1}])", R"([{"stream":"events"}])",
          R"([{"stream":"events","partition":2,"offset":0}])",
          R"([{"stream":"events","partition":0,"offset":9}])",
          R"([{"stream":"events","partition":0,"offset":0,"to":"end"}])",
          R"([{"stream":"events","to":"middle"}])", R"([{"stream":"events","offset":"1"}])",
          R"([{"stream":"events","offset":1,"speed":1}])"}) {
        CAPTURE(wrong);
        CHECK(put(wrong).status == 400);
    }
    CHECK(put(R"([{"stream":"none","offset":0}])").status == 404);
    CHECK(api.client->send("DELETE", group, "").status == 204);
    CHECK(api.client->send("DELETE", group, "").status == 404);
    CHECK(api.client->get(group).status == 404);
}

TEST_CASE("health, metrics and alarms answer", "[gateway][rest]") {
    Api api;
    alarms::Alarm alarm;
    alarm.source = "hot";
    alarm.name = "too hot";
    alarm.details_json = "{}";
    api.alarms.apply(std::vector{alarm});
    CHECK(api.client->get("/healthz").status == 200);
    CHECK(api.client->get("/readyz").status == 200);
    const auto metrics = api.client->get("/metrics");
    CHECK(metrics.has("application/openmetrics-text"));
    CHECK_THAT(metrics.body, Catch::EndsWith("# EOF\n"));
    CHECK_THAT(api.client->get("/api/v1/alarms?state=active").body, Catch::Contains("too hot"));
    CHECK(api.client->get("/api/v1/alarms?state=cleared").body == "[]");
    CHECK(api.client->get("/api/v1/alarms?state=odd").status == 400);
    const auto openapi = api.client->get("/api/v1/openapi.json");
    CHECK(openapi.status == 200);
    CHECK_THAT(openapi.body, Catch::Contains(R"("/api/v1/publish/{topic}":{"parameters":)") &&
                                 Catch::Contains(R"("patch":)"));
}
