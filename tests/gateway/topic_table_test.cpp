// Goal: topics are found by level, by name and by age; what is kept is bounded; rates are those
// that were sent. Method: messages given by hand, without a log.
#include <gateway/rest/topic_table.hpp>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

using namespace holdfast;
using gateway::TopicState;
using gateway::TopicTable;

namespace {

struct Table {
    explicit Table(std::size_t bytes_max = 64U << 20U) : table(memory, bytes_max) {}
    void see(const std::string& topic, std::int64_t ts_ms = 0, const std::string& payload = "1") {
        table.see({topic, {StreamId{7}, 1}, offset++, ts_ms, as_bytes(payload)});
    }
    // "level:topics" of each node; `*` where something was said on it itself.
    std::vector<std::string> below(const char* prefix, std::size_t max = 100,
                                   const char* after = nullptr) {
        const std::string at = prefix != nullptr ? prefix : "";
        const std::string behind = after != nullptr ? after : "";
        std::vector<std::string> out;
        for (const auto& node : table.children(prefix != nullptr ? &at : nullptr,
                                               after != nullptr ? &behind : nullptr, max, 0, all))
            out.push_back(
                fmt::format("{}:{}{}", node.level, node.topics, node.topic != nullptr ? "*" : ""));
        return out;
    }
    MemoryAccount memory{1U << 30U};
    TopicTable table;
    Offset offset = 0;
    TopicTable::IsShown all = [](const TopicState&) { return true; };
};

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("topics are listed level by level", "[gateway][topics]") {
    Table t;
    for (const char* topic : {"a/b", "a", "a-b", "a/b/c", "a/d", "b", "/x", "c//y"}) t.see(topic);
    CHECK(t.below(nullptr) == Names{":1", "a:4*", "a-b:1*", "b:1*", "c:1"});
    CHECK(t.below("a") == Names{"b:2*", "d:1*"});
    CHECK(t.below("") == Names{"x:1*"});
    CHECK(t.below("c") == Names{":1"});
    CHECK(t.below("c/") == Names{"y:1*"});
    CHECK(t.below("b").empty());
    CHECK(t.below("nothing").empty());
}

TEST_CASE("a list of nodes goes on behind the last one", "[gateway][topics]") {
    Table t;
    for (int i = 0; i < 50; ++i)
        for (const char* leaf : {"", "/x", "-", "/y/z"}) t.see(fmt::format("p/{:02}{}", i, leaf));
    Names paged;
    std::string after;
    for (;;) {
        const auto page = t.below("p", 7, paged.empty() ? nullptr : after.c_str());
        if (page.empty()) break;
        after = page.back().substr(0, page.back().find(':'));
        paged.insert(paged.end(), page.begin(), page.end());
    }
    CHECK(paged.size() == 100);
    CHECK(paged == t.below("p", 1'000));
}

TEST_CASE("what is not shown is not counted either", "[gateway][topics]") {
    Table t;
    for (const char* topic : {"a/secret/1", "a/open", "z/secret/2"}) t.see(topic);
    const auto is_shown = [](const TopicState& state) {
        return state.topic.find("secret") == std::string::npos;
    };
    const auto nodes = t.table.children(nullptr, nullptr, 10, 0, is_shown);
    REQUIRE(nodes.size() == 1);
    CHECK(nodes[0].level == "a");
    CHECK(nodes[0].topics == 1);
    CHECK(nodes[0].messages == 1);
}

TEST_CASE("the rate is that of the last half minute", "[gateway][topics]") {
    Table t;
    std::int64_t now_ms = 1'000'000;
    for (int i = 0; i < 3; ++i) t.see("slow", now_ms);
    const auto rate = [&](const char* name) {
        const auto found =
            t.table.find("", 10, [&](const TopicState& s) { return s.topic == name; });
        REQUIRE(found.size() == 1);
        return rate_of(*found[0], now_ms);
    };
    CHECK(rate("slow") == Approx(3).epsilon(0.05)); // in what counts as a second
    for (int i = 0; i < 50; ++i) t.see("steady", now_ms += 100);
    CHECK(rate("steady") == Approx(10).epsilon(0.1)); // after five seconds already
    for (int i = 0; i < 1'000; ++i) t.see("steady", now_ms += 100);
    CHECK(rate("steady") == Approx(10).epsilon(0.02));
    now_ms += 300'000;
    CHECK(rate("steady") < 0.01);
    t.see("steady", 0); // a clock that went back
    CHECK(rate("steady") < 0.1);
}

TEST_CASE("the topic that was silent for longest goes where there is no room",
          "[gateway][topics]") {
    Table t(2'000);
    t.see("first");
    t.see("second");
    while (t.table.left_out() == 0) {
        t.see("first"); // stays young
        t.see(fmt::format("more/{}", t.offset));
    }
    CHECK(t.below(nullptr).front() == "first:1*");
    CHECK(t.table.find("", 10, [](const TopicState& s) { return s.topic == "second"; }).empty());
    CHECK(t.table.bytes() <= 2'000);
    CHECK(t.memory.used_bytes() == t.table.bytes());
    const std::size_t size = t.table.size();
    t.table.see_retained("only/retained", as_bytes("x"));
    CHECK(t.table.size() == size);
    t.table.clear();
    CHECK(t.memory.used_bytes() == 0);
}

TEST_CASE("changes are told newest first, each topic once", "[gateway][topics]") {
    Table t;
    t.table.see_retained("kept", as_bytes("x"));
    for (const char* topic : {"a", "b", "a", "c"}) t.see(topic);
    const auto since = [&](std::uint64_t change) {
        Names out;
        t.table.each_since(change, [&](const TopicState& state) {
            out.push_back(state.topic);
            return true;
        });
        return out;
    };
    CHECK(since(0) == Names{"c", "a", "b"});
    CHECK(since(2) == Names{"c", "a"});
    CHECK(since(t.table.last_change()).empty());
}

TEST_CASE("of a payload whole characters are kept, and of no topic's name anything",
          "[gateway][topics]") {
    Table t;
    std::string umlauts = "x";
    while (umlauts.size() < 400) umlauts += "ü";
    t.see("u", 0, umlauts);
    for (const std::string& name : {std::string("a/+"), std::string("#"), std::string(),
                                    std::string("a\0b", 3), std::string("\xff")})
        t.see(name);
    const auto found = t.table.find("", 10, t.all);
    REQUIRE(found.size() == 1);
    CHECK(found[0]->payload_bytes == umlauts.size());
    CHECK(found[0]->payload.size() == 255);
    CHECK(is_utf8(found[0]->payload));
}
