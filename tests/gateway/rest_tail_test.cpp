// Goal: server-sent events give every record once, in order, from where a client left off, and end
// when there is nothing more to come. Method: a real log, events read from the wire.
#include <gateway/event_reader.hpp>
#include <gateway/rest_fixture.hpp>

#include <fmt/format.h>

#include <array>
#include <string>

using namespace holdfast;
using test::Api;
using test::Client;

namespace {

// Of the records of `events`.
class EventReader : public test::EventReader {
public:
    EventReader(std::uint16_t port, std::string_view query, std::string_view headers = "")
        : test::EventReader(port, "/api/v1/streams/events/records" + std::string(query), headers) {}
};

std::uint16_t port_of(Api& api) {
    return api.running->server().port();
}

} // namespace

TEST_CASE("records come as events when they are stored", "[gateway][rest][tail]") {
    Api api;
    REQUIRE(test::append_values(*api.log, api.partition(0), {"0"}));
    EventReader events(port_of(api), "");
    CHECK(events.head.status == 200);
    CHECK(events.head.has("Content-Type: text/event-stream"));
    CHECK(events.head.has("Cache-Control: no-store"));
    REQUIRE(test::append_values(*api.log, api.partition(0), {"1", "2"}));
    auto event = events.next();
    REQUIRE(event);
    CHECK(event->name.empty());
    CHECK(event->id == "0:2,1:0");
    CHECK(event->data == R"({"partition":0,"offset":1,"ts":1700000000000,"key":"key","value":1,)"
                         R"("headers":{}})");
    CHECK(events.next()->id == "0:3,1:0");
    REQUIRE(test::append_values(*api.log, api.partition(1), {"3"}));
    CHECK(events.next()->id == "0:3,1:1");
}

TEST_CASE("a client goes on behind the last event that it saw", "[gateway][rest][tail]") {
    Api api;
    std::vector<std::string> values;
    for (int i = 0; i < 5'000; ++i) values.push_back(std::to_string(i));
    REQUIRE(test::append_values(*api.log, api.partition(0), values));
    REQUIRE(test::append_values(*api.log, api.partition(1), values));
    std::string id;
    std::array<int, 2> seen{};
    // Each time the connection is dropped with events unread.
    for (const int count : {1, 700, 3'000, 6'299}) {
        EventReader events(port_of(api), "?from=0",
                           id.empty() ? "" : "Last-Event-ID: " + id + "\r\n");
        for (int i = 0; i < count; ++i) {
            const auto event = events.next();
            REQUIRE(event);
            const bool is_second = event->data.starts_with("{\"partition\":1");
            const auto value = fmt::format("\"value\":{},", seen.at(is_second ? 1 : 0)++);
            if (event->data.find(value) == std::string::npos) FAIL(event->data + value);
            id = event->id;
        }
    }
    CHECK(seen == std::array{5'000, 5'000});
    CHECK(id == "0:5000,1:5000");
}

TEST_CASE("a tail of one partition starts at an offset, a time or the end, for one key",
          "[gateway][rest][tail]") {
    Api api;
    for (int i = 0; i < 4; ++i)
        REQUIRE(test::append_keyed(*api.log, api.partition(1),
                                   {{i % 2 == 0 ? "a" : "b", std::to_string(i)}}, 1'000 * i));
    const auto first = [&](std::string_view query) {
        EventReader events(port_of(api), query);
        REQUIRE(events.head.status == 200);
        return events.next()->id;
    };
    CHECK(first("?partition=1&offset=2") == "1:3");
    CHECK(first("?partition=1&offset=1&key=a") == "1:3");
    CHECK(first("?partition=1&from=1970-01-01T00:00:03Z") == "1:4");
    CHECK(first("?from=3000") == "0:0,1:4");
}

TEST_CASE("what cannot be followed is refused", "[gateway][rest][tail]") {
    Api api;
    for (const char* query :
         {"?offset=0", "?partition=2", "?partition=0&offset=1", "?partition=0&offset=0&from=0",
          "?limit=1", "?wait_ms=1", "?key=a&x="}) {
        CAPTURE(query);
        CHECK(EventReader(port_of(api), query).head.status == 400);
    }
    for (const char* id : {"x", "0", "0:", "0:1,", "0:-1", "2:0", "0:0;1:0"}) {
        CAPTURE(id);
        CHECK(EventReader(port_of(api), "", "Last-Event-ID: " + std::string(id) + "\r\n")
                  .head.status == 400);
    }
    Client old(port_of(api));
    old.write(
        "GET /api/v1/streams/events/records HTTP/1.0\r\nHost: localhost\r\n"
        "Accept: text/event-stream\r\n\r\n");
    CHECK(old.read().status == 505);
    log::StreamSettings wide;
    wide.name = "wide";
    wide.partitions = 65;
    REQUIRE(api.log->create_stream(wide));
    const auto answer = api.client->send("GET", "/api/v1/streams/wide/records", "",
                                         "Accept: text/event-stream\r\n");
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body, Catch::Contains("partition="));
}

TEST_CASE("a client hears of what it lost, and of the end of the stream", "[gateway][rest][tail]") {
    Api api;
    REQUIRE(test::append_values(*api.log, api.partition(0), {"0"}));
    EventReader events(port_of(api), "?partition=0", "Last-Event-ID: 0:99\r\n");
    auto event = events.next();
    REQUIRE(event);
    CHECK(event->name == "lost");
    CHECK(event->id == "0:1");
    CHECK_THAT(event->data,
               Catch::StartsWith(R"({"partition":0,"offset":99,"next_offset":1,"detail":)"));
    REQUIRE(test::append_values(*api.log, api.partition(0), {"1"}));
    CHECK(events.next()->id == "0:2");
    REQUIRE(api.log->delete_stream("events"));
    event = events.next();
    REQUIRE(event);
    CHECK(event->name == "end");
    CHECK_FALSE(events.next());
}

TEST_CASE("partitions that are added are followed", "[gateway][rest][tail]") {
    Api api;
    EventReader events(port_of(api), "");
    auto settings = api.log->find_stream("events")->settings;
    settings.partitions = 3;
    REQUIRE(api.log->alter_stream(settings));
    REQUIRE(test::append_values(*api.log, api.partition(2), {"new"}));
    REQUIRE(test::append_values(*api.log, api.partition(0), {"old"}));
    const std::string first = events.next()->id;
    const std::string second = events.next()->id;
    CHECK((first == "0:1,1:0,2:0" || first == "0:0,1:0,2:1"));
    CHECK(second == "0:1,1:0,2:1");
}

TEST_CASE("a server that stops ends its event streams", "[gateway][rest][tail]") {
    Api api;
    EventReader events(port_of(api), "");
    CHECK(events.head.status == 200);
    api.running->stop();
    CHECK_FALSE(events.next());
}

TEST_CASE("a client that hangs up is forgotten", "[gateway][rest][tail]") {
    Api api;
    const auto connections = [&] { return api.running->server().connection_count(); };
    REQUIRE(api.client->get("/healthz").status == 200);
    const auto before = connections(); // the fixture's own
    { const EventReader events(port_of(api), ""); }
    int appended = 0;
    while (connections() > before && ++appended < 10'000)
        REQUIRE(test::append_values(*api.log, api.partition(0), {"x"}));
    CHECK(connections() <= before);
}
