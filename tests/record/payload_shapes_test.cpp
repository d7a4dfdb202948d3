// Goal: a payload that is read by its shape gives what the parser makes of it, to the bit, and one
// that is not sound JSON is not read. Method: the same payloads one after the other, where all but
// the first of a shape are read by it, and each by a decoder that has seen no other.
#include "record/payload_shapes.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <random>
#include <string>
#include <vector>

using namespace holdfast;
using record::MessageView;
using record::PayloadColumns;
using record::PayloadShapes;

namespace {

MessageView message(std::string_view payload) {
    MessageView made;
    made.payload = as_bytes(payload);
    made.arrival_ms = 1'700'000'000'000;
    return made;
}

PayloadColumns decoder() {
    return PayloadColumns({{column::FieldKind::ts, {}, 0}}, PayloadColumns::Members::all);
}

// All that is known of a row, values with every bit.
std::string all_of(const PayloadColumns& columns, std::size_t row) {
    std::string out = std::to_string(columns.column(0).at(row).as_int()) + " " +
                      std::string(columns.error(row)) +
                      (columns.is_implausible(0, row) ? " implausible" : "");
    for (const auto& [path, value] : columns.members(row)) {
        out += "\n" + std::string(path) + ": " + std::string(column::to_string(value.type())) + " ";
        if (value.type() == column::Type::text)
            out += value.as_text();
        else if (value.type() == column::Type::float64)
            out += std::to_string(std::bit_cast<std::uint64_t>(value.as_float()));
        else
            out += std::to_string(value.as_int());
    }
    return out;
}

std::string alone(const std::string& payload) {
    PayloadColumns columns = decoder();
    const auto row = message(payload);
    columns.decode({&row, 1});
    return all_of(columns, 0);
}

// Whether payloads like the first are read without a document, once it is known.
bool is_read(std::string_view first, std::string_view payload) {
    PayloadColumns columns = decoder();
    const auto row = message(first);
    columns.decode({&row, 1});
    PayloadShapes shapes;
    shapes.learn(first, columns.members(0));
    column::TextArena arena;
    std::vector<record::Member> members;
    shapes.begin_batch();
    const bool read = shapes.read(payload, arena, members);
    CHECK((read || members.empty()));
    return read;
}

// Values that are alike, and those that are not quite.
const std::vector<std::string> kValues = {"0",
                                          "-0",
                                          "0.0",
                                          "-0.0",
                                          "1",
                                          "-1",
                                          "21.5",
                                          "-21.50",
                                          "0.1",
                                          "0.30000000000000004",
                                          "00",
                                          "01",
                                          "-",
                                          "1.",
                                          ".5",
                                          "1.5.5",
                                          "--1",
                                          "+1",
                                          "1e3",
                                          "1E-5",
                                          "1e",
                                          "1e+",
                                          "1e400",
                                          "-1e400",
                                          "5e-324",
                                          "1e-400",
                                          "123456789012345",
                                          "1234567890123456",
                                          "123456789012345678",
                                          "1234567890123456789",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "-9223372036854775808",
                                          "-9223372036854775809",
                                          "99999999999999999999999",
                                          "1.234567890123456789",
                                          "9007199254740993.0",
                                          "0.000001234567891",
                                          "123456789012.345",
                                          "1234567890123.456",
                                          "4.35",
                                          "0.000000000000001",
                                          "8.5e-7",
                                          "true",
                                          "false",
                                          "null",
                                          "tru",
                                          "True",
                                          "nul",
                                          "\"\"",
                                          "\"on\"",
                                          "\"a b\"",
                                          "\"\\n\"",
                                          "\"\xC3\xA9\"",
                                          "\"\xC3\"",
                                          "\"\xFF\"",
                                          "\"\t\"",
                                          "\"\x7F\"",
                                          "\"open",
                                          "[]",
                                          "[1]",
                                          "{}",
                                          "{\"z\":1}",
                                          "",
                                          " 1",
                                          "1 ",
                                          "1700000000",
                                          "1700000000000",
                                          "\"2023-11-14T22:00:00Z\"",
                                          "4102444800",
                                          "1,\"x\":2",
                                          "1}",
                                          "NaN",
                                          "Infinity",
                                          "1 2",
                                          "\"a\" \"b\""};

const std::vector<std::string> kShapes = {R"({"a":$,"b":$})",
                                          R"({"a": $, "b": $})",
                                          R"({"a":{"b":$,"c":$},"d":1})",
                                          R"({"ts":$,"a":$})",
                                          R"({"a":$,"time":$,"timestamp":1})",
                                          "{\"a\":$,\n\"b\":$}\n",
                                          R"({"a":$,"a":$})",
                                          R"({"e f":$,"\u0061":$})",
                                          R"({"a":$,"b":$)",
                                          R"({"a":$,"b":$}})",
                                          R"({"a":$,,"b":$})",
                                          R"({"a":$ "b":$})",
                                          R"({"a":$,"b":$} )",
                                          R"({"a":[$],"b":$})",
                                          R"([{"a":$,"b":$}])",
                                          R"({"x":{},"a":$,"b":$})",
                                          R"({"":$,"b":$})"};

std::string fill(std::string shape, const std::string& first, const std::string& second) {
    shape.replace(shape.find('$'), 1, first);
    return shape.replace(shape.find('$', 0), 1, second);
}

} // namespace

TEST_CASE("a payload is read by its shape as it is without", "[record]") {
    PayloadColumns together = decoder();
    std::mt19937_64 random(7); // NOLINT: the same every time
    const auto any = [&](const std::vector<std::string>& of) { return of[random() % of.size()]; };
    for (int batch = 0; batch < 200; ++batch) {
        // Mostly one shape and sound values, so that shapes are met, and then all the others.
        std::vector<std::string> payloads;
        const std::string shape = any(kShapes);
        for (int row = 0; row < 40; ++row)
            payloads.push_back(fill(random() % 8 == 0 ? any(kShapes) : shape,
                                    random() % 2 == 0 ? "20.25" : any(kValues), any(kValues)));
        std::vector<MessageView> messages;
        for (const std::string& payload : payloads) messages.push_back(message(payload));
        together.decode(messages);
        for (std::size_t row = 0; row < payloads.size(); ++row) {
            CAPTURE(batch, row, payloads[row]);
            REQUIRE(all_of(together, row) == alone(payloads[row]));
        }
    }
}

TEST_CASE("numbers are read by a shape to the bit", "[record]") {
    PayloadColumns together = decoder();
    std::mt19937_64 random(11); // NOLINT: the same every time
    std::vector<std::string> payloads;
    for (int row = 0; row < 20'000; ++row) {
        std::string number(random() % 2, '-');
        number += std::to_string(random() % (std::uint64_t{1} << (random() % 64)));
        if (random() % 4 != 0) {
            std::string places = std::to_string(random());
            number += "." + places.substr(0, 1 + random() % 19);
        }
        payloads.push_back("{\"v\":" + number + "}");
    }
    std::vector<MessageView> messages;
    for (const std::string& payload : payloads) messages.push_back(message(payload));
    together.decode(messages);
    for (std::size_t row = 0; row < payloads.size(); ++row) {
        CAPTURE(payloads[row]);
        REQUIRE(all_of(together, row) == alone(payloads[row]));
    }
}

TEST_CASE("what is like the payload before is read without a document", "[record]") {
    CHECK(is_read(R"({"a":1,"b":"x"})", R"({"a":-2.5,"b":true})"));
    CHECK(is_read(R"({"a":1,"b":"x"})", R"({"a":1.2345678901234567,"b":"\u00e9"})") == false);
    CHECK(is_read(R"({"a":1,"b":"x"})", "{\"a\":1e-5,\"b\":\"\xC3\xA9\"}"));
    CHECK(is_read("{\"door\": {\"state\": \"open\"}}\n", "{\"door\": {\"state\": null}}\n"));
    CHECK_FALSE(is_read(R"({"a":1,"b":2})", R"({"b":1,"a":2})"));
    CHECK_FALSE(is_read(R"({"a":1,"b":2})", R"({"a":1,"b":2,"c":3})"));
    CHECK_FALSE(is_read(R"({"a":1,"b":2})", R"({"a":1,"b":2)"));
    CHECK_FALSE(is_read(R"({"a":1,"a":2})", R"({"a":1,"a":2})"));
    CHECK_FALSE(is_read(R"({"a":{},"b":1,"b":2})", R"({"a":{},"b":1,"b":2})"));
    CHECK_FALSE(is_read(R"({"a":[1]})", R"({"a":[1]})"));
}

TEST_CASE("several shapes are known, and the oldest gives way to more", "[record]") {
    PayloadShapes shapes;
    column::TextArena arena;
    shapes.begin_batch();
    const auto payload = [](int number) { return "{\"v" + std::to_string(number) + "\":1}"; };
    const auto read = [&](int number) {
        std::vector<record::Member> members;
        return shapes.read(payload(number), arena, members);
    };
    const auto learn = [&](int number) {
        const std::string path = "v" + std::to_string(number);
        const record::Member member{path, column::Value::of_int(1)};
        shapes.learn(payload(number), {&member, 1});
    };
    for (int number = 0; number < 8; ++number) learn(number);
    for (int number = 0; number < 8; ++number) CHECK(read(number));
    learn(8);
    CHECK_FALSE(read(0));
    for (int number = 1; number < 9; ++number) CHECK(read(number));
}

TEST_CASE("where no payload is like another, few of them are learnt", "[record]") {
    PayloadShapes shapes;
    column::TextArena arena;
    shapes.begin_batch();
    int learnt = 0;
    for (int number = 0; number < 10'000; ++number) {
        const std::string path = "v" + std::to_string(number);
        const std::string payload = "{\"" + path + "\":1}";
        const record::Member member{path, column::Value::of_int(1)};
        shapes.learn(payload, {&member, 1});
        std::vector<record::Member> members;
        // Each is forgotten before the like of it comes: read back only to see whether it was
        // learnt.
        PayloadShapes copy = shapes;
        learnt += copy.read(payload, arena, members) ? 1 : 0;
    }
    CHECK(learnt < 1'000);
    CHECK(learnt > 100);
}
