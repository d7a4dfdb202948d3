// Goal: with Members::all a payload gives every value it holds, by its path, once.
#include <holdfast/column/json_text.hpp>
#include <holdfast/record/payload_columns.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast;
using record::MessageView;
using record::PayloadColumns;

namespace {

using Lines = std::vector<std::string>;

MessageView message(std::string_view payload) {
    MessageView made;
    made.payload = as_bytes(payload);
    made.arrival_ms = 1'700'000'000'000;
    return made;
}

Lines members(const PayloadColumns& columns, std::size_t row) {
    Lines out;
    for (const auto& member : columns.members(row)) {
        out.push_back(std::string(member.path) + "=");
        column::append_json(out.back(), member.value);
    }
    return out;
}

Lines members(std::string_view payload) {
    PayloadColumns columns({}, PayloadColumns::Members::all);
    const auto row = message(payload);
    columns.decode({&row, 1});
    return members(columns, 0);
}

} // namespace

TEST_CASE("a payload gives each of its values by its path", "[record]") {
    CHECK(
        members(R"({"floor": 3, "door": {"state": "open", "cycles": 7}, "t": 21.5, "ok": true})") ==
        Lines{"floor=3", "door.state=\"open\"", "door.cycles=7", "t=21.5", "ok=true"});
    CHECK(members(R"({"a": null, "b": {}, "c": [1, {"d": 2}], "e f": 1})") ==
          Lines{"a=null", R"(b="{}")", R"(c="[1,{\"d\":2}]")", R"("e f"=1)"});
    CHECK(members(R"({"a": 1, "b": {"c": 2}, "a": 3, "b": {"c": 4, "d": 5}})") ==
          Lines{"a=1", "b.c=2", "b.d=5"});
}

TEST_CASE("what is no object is one value", "[record]") {
    CHECK(members("21.5") == Lines{"value=21.5"});
    CHECK(members("open") == Lines{R"(value="open")"});
    CHECK(members("[1,2]") == Lines{R"(value="[1,2]")"});
    CHECK(members("{\"a\": ").empty());
    CHECK(members("").empty());
}

TEST_CASE("objects deeper than paths go are their text", "[record]") {
    std::string payload;
    for (int depth = 0; depth < 40; ++depth) payload += R"({"a":)";
    payload += "1" + std::string(40, '}');
    const Lines deep = members(payload);
    REQUIRE(deep.size() == 1);
    CHECK(deep.front().starts_with("a.a.a"));
    CHECK(deep.front().ends_with(R"({\"a\":1}}}}}}}}")"));
}

TEST_CASE("each row of a batch has its own members, beside the columns", "[record]") {
    PayloadColumns columns({{column::FieldKind::ts, {}, 0}}, PayloadColumns::Members::all);
    const std::vector<MessageView> rows = {message(R"({"a": 1, "ts": 1699999990})"), message("{"),
                                           message(R"({"b": 2})")};
    columns.decode(rows);
    CHECK(members(columns, 0) == Lines{"a=1", "ts=1699999990"});
    CHECK(members(columns, 1).empty());
    CHECK_FALSE(columns.error(1).empty());
    CHECK(members(columns, 2) == Lines{"b=2"});
    CHECK(columns.column(0).at(0).as_int() == 1'699'999'990'000'000);
}

TEST_CASE("what one message has changes nothing of the next", "[record]") {
    const std::vector<std::string> payloads = {
        R"({"a": 1, "b": {"c": 2}, "d": "x"})", // and the same again, and not quite
        R"({"a": 3, "b": {"c": 4}, "d": "y"})",
        R"({"a": 1, "a": 2, "b": {"c": 3}, "d": 4})",
        R"({"b": {"c": 1, "c": 2}, "a": 3, "a": 4})",
        R"({"a": 5, "b": {"c": 6}})",
        R"(open)",
        R"({"value": 7, "value": 8, "a": 9})",
        R"({"value": 1, "a": 2, "d": 3, "value": 4, "a": 5})",
    };
    PayloadColumns together({}, PayloadColumns::Members::all);
    std::vector<MessageView> messages;
    for (const std::string& payload : payloads) {
        messages.emplace_back();
        messages.back().payload = as_bytes(payload);
    }
    for (int again = 0; again < 2; ++again) {
        together.decode(messages);
        for (std::size_t row = 0; row < payloads.size(); ++row) {
            CAPTURE(row);
            CHECK(members(together, row) == members(payloads[row]));
        }
    }
    CHECK(members(together, 2) == Lines{"a=1", "b.c=3", "d=4"});
    CHECK(members(together, 7) == Lines{"value=1", "a=2", "d=3"});
}
