// Goal: names, filters and matching follow MQTT5 section 4.7; stream names follow Kafka's rule.
#include <holdfast/topic/topic.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast::topic;
using namespace std::string_view_literals;

TEST_CASE("a topic name is not empty and has no wildcard and no U+0000", "[topic]") {
    CHECK(is_topic_name("a"));
    CHECK(is_topic_name("/"));
    CHECK(is_topic_name("a//b c/ü"));
    CHECK_FALSE(is_topic_name("")); // [MQTT-4.7.3-1]
    CHECK_FALSE(is_topic_name("a/+"));
    CHECK_FALSE(is_topic_name("a#"));
    CHECK_FALSE(is_topic_name("a\0b"sv)); // [MQTT-4.7.3-2]
    CHECK(is_topic_name(std::string(kTopicBytesMax, 'x')));
    CHECK_FALSE(is_topic_name(std::string(kTopicBytesMax + 1, 'x'))); // [MQTT-4.7.3-3]
}

TEST_CASE("wildcards of a filter fill whole levels and # ends it [MQTT-4.7.1-1, 4.7.1-2]",
          "[topic]") {
    for (const auto legal : {"#", "+", "/", "a/#", "+/a/#", "+/+", "/+", "a//b", "$share"})
        CHECK(is_topic_filter(legal));
    for (const auto illegal : {"", "a#", "a/#/b", "##", "#/", "a+", "+a/b", "a/b+/c"})
        CHECK_FALSE(is_topic_filter(illegal));
    CHECK_FALSE(is_topic_filter("a\0"sv));
    CHECK_FALSE(is_topic_filter(std::string(kTopicBytesMax + 1, 'x')));
}

TEST_CASE("filters match as the specification's examples say", "[topic]") {
    CHECK(matches("sport/tennis/player1/#", "sport/tennis/player1"));
    CHECK(matches("sport/tennis/player1/#", "sport/tennis/player1/ranking"));
    CHECK(matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
    CHECK(matches("sport/#", "sport"));
    CHECK(matches("#", "/finance"));
    CHECK(matches("sport/tennis/+", "sport/tennis/player1"));
    CHECK_FALSE(matches("sport/tennis/+", "sport/tennis/player1/ranking"));
    CHECK_FALSE(matches("sport/+", "sport"));
    CHECK(matches("sport/+", "sport/"));
    CHECK(matches("+/+", "/finance"));
    CHECK(matches("/+", "/finance"));
    CHECK_FALSE(matches("+", "/finance"));
    CHECK_FALSE(matches("a/b", "a/B")); // case counts, section 4.7.3
    CHECK_FALSE(matches("a/b", "a/b/"));
    CHECK_FALSE(matches("a/b/", "a/b"));
}

TEST_CASE("a leading wildcard does not reach topics that start with $ [MQTT-4.7.2-1]", "[topic]") {
    CHECK_FALSE(matches("#", "$SYS/uptime"));
    CHECK_FALSE(matches("+/uptime", "$SYS/uptime"));
    CHECK(matches("$SYS/#", "$SYS/uptime"));
    CHECK(matches("$SYS/+", "$SYS/uptime"));
    CHECK(matches("a/+", "a/$b"));
}

TEST_CASE("the level cursor counts empty levels", "[topic]") {
    const auto levels = [](std::string_view text) {
        std::vector<std::string> out;
        LevelCursor cursor(text);
        for (std::string_view level; cursor.next(level);) out.emplace_back(level);
        return out;
    };
    CHECK(levels("a//b") == std::vector<std::string>{"a", "", "b"});
    CHECK(levels("/") == std::vector<std::string>{"", ""});
    CHECK(levels("") == std::vector<std::string>{""});
}

TEST_CASE("stream names are those that a Kafka client accepts", "[topic]") {
    CHECK(is_stream_name("fleet.telemetry_v2-raw"));
    CHECK(is_stream_name("..."));
    CHECK(is_stream_name(std::string(249, 'x')));
    CHECK_FALSE(is_stream_name(std::string(250, 'x')));
    for (const auto illegal : {"", ".", "..", "a/b", "a b", "ü", "a:b"})
        CHECK_FALSE(is_stream_name(illegal));
}

TEST_CASE("a shared filter needs a group without wildcards and a filter [MQTT-4.8.2-1, 4.8.2-2]",
          "[topic]") {
    const auto shared = parse_shared_filter("$share/pumps/a/+/#");
    REQUIRE(shared);
    CHECK(shared->group == "pumps");
    CHECK(shared->filter == "a/+/#");
    REQUIRE(parse_shared_filter("$share/g//"));
    CHECK(parse_shared_filter("$share/g//")->filter == "/");
    for (const auto illegal : {"a/b", "$share", "$share/", "$share/g", "$share/g/", "$share//a",
                               "$share/g+/a", "$share/#/a", "$share/g/a#"})
        CHECK_FALSE(parse_shared_filter(illegal));
}
