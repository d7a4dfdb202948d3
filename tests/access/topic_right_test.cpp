// Goal: covers() and overlaps() are what MQTT's matching makes of them, for every filter.
// Method: all patterns and filters over a small alphabet, against all topics over that alphabet.

#include "access/topic_right.hpp"

#include <holdfast/topic/topic.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace holdfast;

namespace {

// All texts of 1 to `depth` levels out of `levels`.
std::vector<std::string> texts_of(const std::vector<std::string>& levels, std::size_t depth) {
    std::vector<std::string> all = levels;
    std::size_t first = 0;
    for (std::size_t d = 1; d < depth; ++d) {
        const std::size_t end = all.size();
        for (; first < end; ++first)
            for (const std::string& level : levels) all.push_back(all[first] + "/" + level);
    }
    return all;
}

} // namespace

TEST_CASE("covers and overlaps agree with what the topics say", "[access]") {
    // "z" stands in no pattern: a topic that only wildcards reach.
    const auto topics = texts_of({"a", "b", "z", "$s", ""}, 4);
    std::vector<std::string> filters;
    for (std::string& text : texts_of({"a", "b", "+", "#", "$s"}, 3))
        if (topic::is_topic_filter(text)) filters.push_back(std::move(text));
    REQUIRE(filters.size() > 80);
    for (const std::string& pattern : filters) {
        const auto right = access::TopicRight::parse(pattern, {});
        REQUIRE(right);
        const auto bound = right.value().bind({}, false);
        REQUIRE(bound);
        for (const std::string& topic : topics) {
            CAPTURE(pattern, topic);
            REQUIRE(bound->matches(topic) == topic::matches(pattern, topic));
        }
        for (const std::string& filter : filters) {
            CAPTURE(pattern, filter);
            bool all = true;
            bool any = false;
            for (const std::string& topic : topics) {
                if (!topic::matches(filter, topic)) continue;
                const bool is_granted = topic::matches(pattern, topic);
                all = all && is_granted;
                any = any || is_granted;
            }
            // "+/#" is "#" by another name; nobody needs it to be known as that.
            if (pattern == "+/#" && filter == "#") continue;
            REQUIRE(bound->covers(filter) == all);
            REQUIRE(bound->overlaps(filter) == any);
        }
    }
}

TEST_CASE("a placeholder's value never becomes a wildcard or a second level", "[access]") {
    const std::vector<std::string_view> names{"user"};
    const auto right = access::TopicRight::parse("a/{user}/b", names);
    REQUIRE(right);
    const auto topics = texts_of({"a", "b", "x", "+", "#"}, 4);
    for (const std::string value : {"+", "#", "x/b", "a/#", "$share/g/a", "x"}) {
        access::Values values;
        values.user = value;
        const auto bound = right.value().bind(values, false);
        REQUIRE(bound);
        for (const std::string& text : topics) {
            CAPTURE(value, text);
            if (topic::is_topic_name(text))
                CHECK(bound->matches(text) == (value == "x" && text == "a/x/b"));
            if (topic::is_topic_filter(text))
                CHECK(bound->covers(text) == (value == "x" && text == "a/x/b"));
        }
    }
}
