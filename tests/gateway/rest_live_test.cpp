// Goal: one connection tells what a page asked for, within its rights, and ends when these change;
// a client that was away or is slow hears how much it missed. Method: a log by hand, events read
// from the wire.
#include "gateway/event_reader.hpp"
#include "log/log_fixture.hpp"
#include "support/append_batch.hpp"

#include <gateway/rest/live_places.hpp>
#include <gateway/rest/live_source.hpp>
#include <holdfast/access/policy.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/gateway/rest/live.hpp>
#include <holdfast/gateway/rest/topic_view.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/record/header_names.hpp>

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct Site {
    Site() {
        gateway::LiveParts parts{view,     alarms, log.metrics,
                                 *log.log, steady, [this] { return rights_version.load(); }};
        gateway::add_live_route(router, std::move(parts), work);
        running.emplace(router);
    }
    ~Site() {
        running->stop();
        work.stop();
    }
    EventReader open(std::string_view query, std::string_view headers = "") {
        return {running->server().port(), "/api/v1/live" + std::string(query), headers};
    }
    unsigned status(std::string_view query, std::string_view headers = "") {
        return open(query, headers).head.status;
    }
    void say(const std::string& topic, const std::string& payload) {
        Bytes header;
        record::encode_header(header, record::kHeaderMqttTopic, as_bytes(topic));
        const std::array<ByteView, 1> pieces{ByteView(header)};
        record::BatchBuilder builder;
        builder.append(steady.now_ms(), std::nullopt, as_bytes(payload), 1, pieces);
        WaitedGroup group;
        group.appends.push_back({events, builder.finish(), 1});
        log.log->append(group);
        REQUIRE(group.wait());
    }
    void raise(const std::string& key) {
        alarms::Alarm alarm;
        alarm.source = "rule";
        alarm.name = "hot";
        alarm.key = key;
        alarm.details_json = "{\n}";
        alarms.apply({&alarm, 1});
    }

    LogFixture log;
    SystemClock steady; // time has to pass for a live connection
    MemoryAccount memory{1U << 30U};
    PartitionId events = log.make_stream("events");
    gateway::TopicView view{*log.log, steady, memory};
    alarms::Registry alarms;
    std::atomic<std::uint64_t> rights_version{1};
    gateway::WorkQueue work;
    gateway::Router router;
    std::optional<RunningServer> running;
};

boost::json::object data_of(const std::optional<Event>& event) {
    REQUIRE(event);
    return boost::json::parse(event->data).as_object();
}

} // namespace

TEST_CASE("one connection tells of topics, alarms, metrics and records", "[gateway][rest][live]") {
    Site site;
    site.log.metrics.counter("holdfast_x", "", "a=\"1\"").add(2);
    site.log.metrics.counter("holdfast_x", "", "a=\"2\"").add(3);
    auto events = site.open("?topics=plant/%2B&alarms=true&metrics=true&streams=events");
    CHECK(events.head.status == 200);
    CHECK(events.head.has("Content-Type: text/event-stream"));
    // The first metrics come when the sources have begun: what is said from then on is news.
    auto event = events.next();
    REQUIRE(event);
    CHECK(event->name == "metrics");
    CHECK(data_of(event).at("values").at("holdfast_x_total").to_number<double>() == 5);
    site.say("hall/door", "open");
    site.say("plant/press-1", "20");
    site.raise("press-1");
    bool has_topic = false;
    bool has_alarm = false;
    int records = 0;
    while (!has_topic || !has_alarm || records < 2) {
        event = events.next();
        const auto data = data_of(event);
        if (event->name == "topics") {
            const auto& topics = data.at("topics").as_array();
            REQUIRE(topics.size() == 1);
            CHECK(topics[0].at("topic").as_string() == "plant/press-1");
            CHECK(topics[0].at("payload").as_string() == "20");
            has_topic = true;
        } else if (event->name == "alarms") {
            CHECK(data.at("alarms").as_array().at(0).at("key").as_string() == "press-1");
            has_alarm = true;
        } else if (event->name == "records") {
            CHECK(data.at("stream").as_string() == "events");
            records += static_cast<int>(data.at("records").as_array().size());
        }
    }
    CHECK(events.last_id == "events@0:2");
}

TEST_CASE("a client goes on where it was, and hears what it missed", "[gateway][rest][live]") {
    Site site;
    std::vector<std::string> values(5'000, "1");
    REQUIRE(append_values(*site.log.log, site.events, values));
    auto events = site.open("?streams=events", "Last-Event-ID: other@0:7;events@0:1000\r\n");
    const auto first = data_of(events.next());
    CHECK(first.at("dropped").as_int64() == 2'000); // of 4,000 it gets the newest 2,000
    CHECK(first.at("records").as_array().at(0).at("offset").as_int64() == 3'000);
    auto near = site.open("?streams=events", "Last-Event-ID: events@0:4999\r\n");
    const auto last = data_of(near.next());
    CHECK(last.at("dropped").as_int64() == 0);
    CHECK(last.at("records").as_array().size() == 1);
    REQUIRE(site.log.log->delete_stream("events"));
    std::optional<Event> event;
    do event = near.next();
    while (event && event->name == "records");
    REQUIRE(event);
    CHECK(event->name == "end");
}

TEST_CASE("a source that is asked seldom gives the newest since it was made, and counts the rest",
          "[gateway][rest][live]") {
    Site site;
    site.say("t/before", "1");
    const auto policy = access::Policy::unrestricted();
    auto source = gateway::make_live_topics(site.view, *site.log.log, site.log.clock, {"#"},
                                            policy.rights_of({}));
    std::string events;
    for (int i = 0; i < 400; ++i) site.say("t/" + std::to_string(i), std::string(300, 'x'));
    while (events.empty()) source->add_news(events); // the view rests in between
    const auto data = boost::json::parse(events.substr(events.find("data: ") + 6)).as_object();
    const auto sent = static_cast<std::int64_t>(data.at("topics").as_array().size());
    CHECK(sent > 50);
    CHECK(data.at("dropped").as_int64() == 400 - sent);
    CHECK(data.at("topics").as_array().back().at("topic").as_string() == "t/399");
}

TEST_CASE("alarms that change faster than they are asked for are told once, as they are",
          "[gateway][rest][live]") {
    Site site;
    site.raise("before");
    auto source = gateway::make_live_alarms(site.alarms);
    std::string events;
    source->add_news(events);
    CHECK(events.empty());
    for (int round = 0; round < 3; ++round)
        for (int i = 0; i < 250; ++i) site.raise(std::to_string(i));
    source->add_news(events);
    const auto data = boost::json::parse(events.substr(events.find("data: ") + 6)).as_object();
    CHECK(data.at("alarms").as_array().size() == 200);
    CHECK(data.at("alarms").as_array().back().at("key").as_string() == "249");
    CHECK(data.at("dropped").as_int64() == 50);
    CHECK(events.find('\n') == events.find("\ndata"));
    events.clear();
    source->add_news(events);
    CHECK(events.empty());
}

TEST_CASE("a live connection ends when users or rights change", "[gateway][rest][live]") {
    Site site;
    auto events = site.open("?metrics=true");
    REQUIRE(events.next());
    ++site.rights_version;
    while (events.next()) {}
    CHECK(site.status("?metrics=true") == 200);
}

TEST_CASE("nobody has all live connections, and what ends makes room", "[gateway][rest][live]") {
    const auto places = std::make_shared<gateway::LivePlaces>();
    const auto take = [&](const std::string& user) {
        return gateway::LivePlaces::take(places, user);
    };
    std::vector<std::shared_ptr<void>> held;
    while (held.size() < gateway::kLiveConnectionsOfUserMax) held.push_back(take("eve").value());
    CHECK(take("eve").error().context == "'eve' has 64 live connections already");
    held.push_back(take("anne").value());
    held.erase(held.begin());
    held.push_back(take("eve").value());
    while (held.size() < gateway::kLiveConnectionsMax) held.push_back(take("").value()); // no users
    CHECK(take("nora").error().code == Errc::limit_exceeded);
    held.pop_back();
    CHECK(take("nora"));
}

TEST_CASE("what makes no sense live is refused", "[gateway][rest][live]") {
    Site site;
    for (const char* query : {"", "?topics=a/%23/b", "?alarms=maybe", "?x=1", "?alarms=false"}) {
        CAPTURE(query);
        CHECK(site.status(query) == 400);
    }
    CHECK(site.status("?streams=none") == 404);
    CHECK(site.status("?streams=events", "Last-Event-ID: x\r\n") == 400);
    std::string many = "?topics=0";
    for (int i = 1; i <= 16; ++i) many += "," + std::to_string(i);
    CHECK(site.status(many) == 400);
}

TEST_CASE("an id of live records is read as it was written", "[gateway][rest][live]") {
    const std::string id = "events@0:17,1:9;gone@;alarms@0:3";
    const auto read = gateway::from_live_id(id);
    REQUIRE(read);
    CHECK(gateway::to_live_id(read.value()) == id);
    for (const char* bad : {"x", "x@0", "x@0:-1", ";", "a@0:1;;b@0:1"})
        CHECK_FALSE(gateway::from_live_id(bad));
}
