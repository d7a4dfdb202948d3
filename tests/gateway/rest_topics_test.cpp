// Goal: REST lists the topics of the log, also of one that was opened again, with what was said on
// each last, and only those that the caller may see. Method: records put into a log by hand, the
// route behind a server on loopback.
#include "gateway/http_client.hpp"
#include "log/log_fixture.hpp"

#include <gateway/rest/topic_rights.hpp>
#include <holdfast/access/policy.hpp>
#include <holdfast/broker/retained.hpp>
#include <holdfast/gateway/rest/topic_view.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/log/state_write.hpp>
#include <holdfast/record/header_names.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct Site {
    Site() {
        gateway::add_topic_routes(router, view, *log.log, log.clock, work);
        running.emplace(router);
        client.emplace(running->server().port());
    }
    ~Site() {
        client.reset();
        running->stop();
        work.stop();
    }
    void say(const std::vector<std::pair<std::string, std::string>>& messages) {
        record::BatchBuilder builder;
        for (const auto& [topic, payload] : messages) {
            Bytes header;
            record::encode_header(header, record::kHeaderMqttTopic, as_bytes(topic));
            const std::array<ByteView, 1> pieces{ByteView(header)};
            builder.append(log.clock.now_ms(), std::nullopt, as_bytes(payload), 1, pieces);
        }
        WaitedGroup group;
        group.appends.push_back(
            {events, builder.finish(), static_cast<std::int32_t>(messages.size())});
        log.log->append(group);
        REQUIRE(group.wait());
    }
    void retain(const std::string& topic, const std::string& payload,
                std::int64_t expires_ms = broker::RetainedMessage::kNever) {
        broker::RetainedMessage message;
        message.expires_ms = expires_ms;
        message.payload = as_bytes(payload);
        REQUIRE(log::StateWrite::write(
            *log.log, {{broker::kRetainedKeyspace, topic, broker::encode_retained(message)}}));
    }
    // As it is when the view has read on.
    boost::json::object get(std::string_view query) {
        log.clock.advance_ms(gateway::TopicView::kRestMs);
        const auto answer = client->get(fmt::format("/api/v1/topics{}", query));
        INFO(answer.body);
        REQUIRE(answer.status == 200);
        return boost::json::parse(answer.body).as_object();
    }
    std::vector<std::string> names(std::string_view query) {
        std::vector<std::string> out;
        const auto answer = get(query);
        for (const auto& each : answer.at("topics").as_array())
            out.emplace_back(each.at("topic").as_string());
        return out;
    }

    LogFixture log;
    MemoryAccount memory{1U << 30U};
    PartitionId events = log.make_stream("events");
    gateway::TopicView view{*log.log, log.clock, memory, 12U << 20U};
    gateway::WorkQueue work;
    gateway::Router router;
    std::optional<RunningServer> running;
    std::optional<Client> client;
};

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("a topic is shown with its last message", "[gateway][rest][topics]") {
    Site site;
    site.say({{"plant/press-1", "20"}, {"plant/press-1", R"({"v":"ü"})"}});
    const auto answer = site.get("?prefix=plant");
    CHECK(boost::json::serialize(answer.at("topics")) ==
          fmt::format(R"([{{"topic":"plant/press-1","topics":1,"messages":2,"rate":2.027E0,)"
                      R"("last_ms":{},"retained":false,"payload":"{{\"v\":\"ü\"}}",)"
                      R"("payload_bytes":10,"stream":"events","partition":0,"offset":1}}])",
                      site.log.clock.now_ms() - gateway::TopicView::kRestMs));
    CHECK(answer.at("complete").as_bool());
    CHECK(answer.at("cursor").is_null());
    CHECK(site.names("") == Names{"plant"});
}

TEST_CASE("topics are found by filter and by text, page by page", "[gateway][rest][topics]") {
    Site site;
    std::vector<std::pair<std::string, std::string>> all;
    for (int i = 0; i < 25; ++i) all.emplace_back(fmt::format("plant/press-{:02}/temp", i), "1");
    all.emplace_back("hall/door", "2");
    site.say(all);
    CHECK(site.names("?filter=plant/%2B/temp&limit=1000").size() == 25);
    CHECK(site.names("?filter=hall/%23") == Names{"hall/door"});
    CHECK(site.names("?search=press-07") == Names{"plant/press-07/temp"});
    CHECK(site.names("?filter=hall/%23&search=press").empty());
    for (const std::string query : {"?search=press&limit=10", "?prefix=plant&limit=10"}) {
        Names paged;
        std::string cursor;
        for (;;) {
            const auto page = site.get(query + cursor);
            for (const auto& each : page.at("topics").as_array())
                paged.emplace_back(each.at("topic").as_string());
            if (page.at("cursor").is_null()) break;
            cursor = "&cursor=" + std::string(page.at("cursor").as_string());
        }
        CHECK(paged.size() == 25);
    }
}

TEST_CASE("retained messages are marked, and show topics that say nothing now",
          "[gateway][rest][topics]") {
    Site site;
    site.retain("quiet", "on");
    site.retain("over", "x", site.log.clock.now_ms() + 50);
    site.retain("plant", "kept");
    site.say({{"plant", "said"}, {"plain", "1"}});
    const auto topics = site.get("").at("topics").as_array();
    REQUIRE(topics.size() == 3);
    CHECK(topics[0].at("topic").as_string() == "plain");
    CHECK_FALSE(topics[0].at("retained").as_bool());
    CHECK(topics[1].at("payload").as_string() == "said");
    CHECK(topics[1].at("retained").as_bool());
    CHECK(topics[2].at("topic").as_string() == "quiet");
    CHECK(topics[2].at("payload").as_string() == "on");
    CHECK(topics[2].at("messages").as_int64() == 0);
    CHECK(topics[2].at("last_ms").is_null());
}

TEST_CASE("a view that was not looked at begins near the end, and says what it left out",
          "[gateway][rest][topics]") {
    Site site;
    const std::string payload(10'000, 'x');
    for (int i = 0; i < 20; ++i) {
        std::vector<std::pair<std::string, std::string>> batch;
        for (int n = 0; n < 100; ++n) batch.emplace_back(fmt::format("t/{}", i), payload);
        site.say(batch);
    }
    auto answer = site.get("?prefix=t&limit=1000");
    const auto shown = answer.at("topics").as_array().size();
    CHECK(shown >= 10);
    CHECK(shown < 20);
    CHECK(answer.at("skipped").as_int64() > 0);
    site.say({{"t/new", "1"}});
    CHECK(site.get("?prefix=t&limit=1000").at("topics").as_array().size() == shown + 1);
    site.log.clock.advance_ms(gateway::TopicView::kForgetMs + 1);
    site.view.forget_unused();
    CHECK(site.memory.used_bytes() == 0);
    CHECK(site.get("?prefix=t&limit=1000").at("topics").as_array().size() >= 10);
}

TEST_CASE("a request for topics that makes no sense is refused", "[gateway][rest][topics]") {
    Site site;
    for (const char* query : {"?filter=a/%23/b", "?prefix=a&filter=b", "?prefix=a&search=b",
                              "?limit=0", "?limit=1001", "?x=1"}) {
        CAPTURE(query);
        CHECK(site.client->get(fmt::format("/api/v1/topics{}", query)).status == 400);
    }
}

TEST_CASE("one sees topics that one may subscribe to, or read the stream of",
          "[gateway][topics][access]") {
    LogFixture log;
    const auto open = log.make_stream("open");
    const auto closed = log.make_stream("closed");
    const auto file = config::parse_access(
        "roles:\n"
        "  r:\n"
        "    - {allow: read, streams: [open]}\n"
        "    - {allow: subscribe, topics: ['mine/#']}\n",
        "access.yaml");
    REQUIRE(file);
    const auto policy = access::Policy::make(file.value());
    REQUIRE(policy);
    access::Principal principal;
    principal.roles = {"r"};
    gateway::TopicRights rights(policy.value().rights_of(principal), *log.log);
    const auto may_see = [&](const char* topic, PartitionId partition, std::uint64_t messages = 1) {
        gateway::TopicState state;
        state.topic = topic;
        state.stream = partition.stream;
        state.messages = messages;
        return rights.may_see(state);
    };
    CHECK(may_see("other/1", open));
    CHECK_FALSE(may_see("other/1", closed));
    CHECK(may_see("mine/1", closed));
    CHECK_FALSE(may_see("other/1", {}, 0)); // retained alone: it lies in no stream
    CHECK(may_see("mine/1", {}, 0));
}
