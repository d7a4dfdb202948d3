// Goal: payloads become typed cells as the dialect says, whatever they hold, and a damaged one
// costs its own row alone.
#include <holdfast/record/payload_columns.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast;
using column::Field;
using column::FieldKind;
using column::Path;
using column::Type;
using record::MessageView;
using record::PayloadColumns;

namespace {

Field path(std::string_view text) {
    return Field{FieldKind::path, Path::parse(text).value()};
}

MessageView message(std::string_view payload) {
    MessageView made;
    made.payload = as_bytes(payload);
    made.arrival_ms = 1'700'000'000'000;
    return made;
}

struct Cell {
    Type type;
    std::string text;
    bool is_valid;
};

Cell one(const Field& field, std::string_view payload) {
    PayloadColumns columns({field});
    const auto row = message(payload);
    columns.decode({&row, 1});
    const auto value = columns.column(0).at(0);
    std::string text;
    if (value.type() == Type::text) text = value.as_text();
    if (value.type() == Type::float64) text = std::to_string(value.as_float());
    if (value.type() == Type::int64 || value.type() == Type::boolean)
        text = std::to_string(value.as_int());
    return {value.type(), text, columns.error(0).empty()};
}

} // namespace

TEST_CASE("a JSON path gives the cell with its own type", "[record][payload]") {
    struct Row {
        const char* field;
        const char* payload;
        Type type;
        const char* text;
    };
    const auto row = GENERATE(values<Row>({
        {"a", R"({"a":1})", Type::int64, "1"},
        {"a", R"({"a":9007199254740993})", Type::int64, "9007199254740993"},
        {"a", R"({"a":-9223372036854775808})", Type::int64, "-9223372036854775808"},
        {"a", R"({"a":9223372036854775808})", Type::float64, "9223372036854775808.000000"},
        {"a", R"({"t":"x\"1","a":-99999999999999999999})", Type::float64,
         "-100000000000000000000.000000"},
        {"a", R"({"a":1.0})", Type::float64, "1.000000"},
        {"a", R"({"a":1e2})", Type::float64, "100.000000"},
        {"a", R"({"a":true})", Type::boolean, "1"},
        {"a", R"({"a":"x\u00e9"})", Type::text, "xé"},
        {"a", R"({"a":null})", Type::null, ""},
        {"a", R"({"b":1})", Type::null, ""},
        {"a", R"({"a":{"b":[1, 2]}})", Type::text, R"({"b":[1,2]})"},
        {"a.b.c", R"({"a":{"b":{"c":5}}})", Type::int64, "5"},
        {"a[0].b", R"({"a":[{"b":7},{"b":8}]})", Type::int64, "7"},
        {"a[-1].b", R"({"a":[{"b":7},{"b":8}]})", Type::int64, "8"},
        {"a[-3]", R"({"a":[1,2]})", Type::null, ""},
        {"a[2]", R"({"a":[1,2]})", Type::null, ""},
        {"a[0]", R"({"a":{"0":1}})", Type::null, ""},
        {"a.b", R"({"a":[1]})", Type::null, ""},
        {"\"odd key\"", R"({"odd key":3})", Type::int64, "3"},
        {"a", R"([1])", Type::null, ""},
        {"a", "21.5", Type::null, ""},
        {"a", "", Type::null, ""},
    }));
    CAPTURE(row.field, row.payload);
    const Cell cell = one(path(row.field), row.payload);
    CHECK(cell.type == row.type);
    CHECK(cell.text == row.text);
    CHECK(cell.is_valid);
}

TEST_CASE("value is the bare payload or the member of that name", "[record][payload]") {
    const Field value{FieldKind::value};
    CHECK(one(value, "21.5").text == "21.500000");
    CHECK(one(value, " 42 ").text == "42");
    CHECK(one(value, "open").text == "open");
    CHECK(one(value, "\"open\"").text == "open");
    CHECK(one(value, "true").type == Type::boolean);
    CHECK(one(value, R"({"value":3})").text == "3");
    CHECK(one(value, R"({"other":3})").type == Type::null);
    CHECK(one(value, "[1,2]").text == "[1,2]");
}

TEST_CASE("a damaged payload is an invalid row", "[record][payload]") {
    const std::string deep = std::string(10'000, '[') + std::string(10'000, ']');
    std::string deep_objects;
    for (int i = 0; i < 10'000; ++i) deep_objects += "{\"a\":";
    const auto payload =
        GENERATE_COPY(as<std::string>(), "{\"a\":1", "{\"a\":1}}", "[1,", "\"open", "{\"a\":01}",
                      "{\"a\":01e999}", "{\"a\":1e999.5}", "\xff\xfe", "{\"a\":\"\xff\"}",
                      "{\"z\":1,\"a\":}", deep, deep_objects);
    CAPTURE(payload.substr(0, 40));
    const Cell cell = one(path("a"), payload);
    CHECK_FALSE(cell.is_valid);
    CHECK(cell.type == Type::null);
}

TEST_CASE("a number beyond a double is NULL and costs the record nothing else",
          "[record][payload]") {
    const auto number = GENERATE_COPY(as<std::string>(), "1e400", "-1E+999", "12.5e308",
                                      "1" + std::string(400, '0'), "-" + std::string(309, '9'));
    const std::string payload =
        R"({"text":"1e400 \" 9","a":)" + number + R"(,"list":[1,)" + number + R"(],"b":1e-400})";
    CAPTURE(payload);
    CHECK(one(path("a"), payload).is_valid);
    CHECK(one(path("a"), payload).type == Type::null);
    CHECK(one(path("b"), payload).text == "0.000000");
    CHECK(one(path("text"), payload).text == "1e400 \" 9");
    CHECK(one(path("list"), payload).text == "[1,null]");
    CHECK(one(Field{FieldKind::value}, number).is_valid);
    const std::string beside = R"({"a":)" + number + R"(,"n":-9007199254740993001})";
    CHECK(one(path("n"), beside).type == Type::int64);
}

TEST_CASE("every prefix of a document is decoded or refused", "[record][payload]") {
    const std::string whole = R"({"a":[1,2.5,"x"],"b":{"c":true},"d":12345678901234567890123})";
    CHECK(one(path("b.c"), whole).type == Type::boolean);
    for (std::size_t size = 1; size < whole.size(); ++size) {
        const std::string prefix = whole.substr(0, size); // own memory: overruns would show
        CHECK_FALSE(one(path("b.c"), prefix).is_valid);
    }
}

TEST_CASE("a damaged row leaves its neighbours alone", "[record][payload]") {
    PayloadColumns columns({path("a"), Field{FieldKind::offset}});
    std::vector<MessageView> rows{message(R"({"a":1})"), message("{"), message(R"({"a":3})")};
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i].offset = static_cast<Offset>(i);
    columns.decode(rows);
    CHECK(columns.rows() == 3);
    CHECK(columns.column(0).at(0).as_int() == 1);
    CHECK(columns.column(0).at(1).is_null());
    CHECK(columns.error(1) == "payload is damaged JSON");
    CHECK(columns.column(0).at(2).as_int() == 3);
    CHECK(columns.column(1).at(1).as_int() == 1);
}

TEST_CASE("the columns of the record itself", "[record][payload]") {
    PayloadColumns columns({Field{FieldKind::topic}, Field{FieldKind::topic_level, {}, 1},
                            Field{FieldKind::device}, Field{FieldKind::client_id},
                            Field{FieldKind::qos}, Field{FieldKind::arrival_ts},
                            Field{FieldKind::stream}, Field{FieldKind::partition},
                            Field{FieldKind::payload}, Field{FieldKind::topic_level, {}, 9}});
    MessageView full = message("\x01{");
    full.topic = "car/7/obd";
    full.device = "7";
    full.client_id = "c7";
    full.qos = 1;
    full.stream = "events";
    full.partition = 3;
    const std::vector<MessageView> rows{full, message("\xff")};
    columns.decode(rows);
    CHECK(columns.column(0).at(0).as_text() == "car/7/obd");
    CHECK(columns.column(1).at(0).as_text() == "7");
    CHECK(columns.column(2).at(0).as_text() == "7");
    CHECK(columns.column(3).at(0).as_text() == "c7");
    CHECK(columns.column(4).at(0).as_int() == 1);
    CHECK(columns.column(5).at(0).as_int() == 1'700'000'000'000'000);
    CHECK(columns.column(6).at(0).as_text() == "events");
    CHECK(columns.column(7).at(0).as_int() == 3);
    CHECK(columns.column(8).at(0).as_text() == "\x01{");
    CHECK(columns.column(9).at(0).is_null());
    CHECK(columns.error(0).empty()); // no field needs the payload decoded
    for (const std::size_t field : {0U, 1U, 2U, 3U, 6U, 8U})
        CHECK(columns.column(field).at(1).is_null());
}

TEST_CASE("event time comes from the path, the header, the payload, or arrival",
          "[record][payload]") {
    const Field plain{FieldKind::ts};
    const Field by_path{FieldKind::ts, Path::parse("at").value()};
    const std::int64_t arrival = 1'700'000'000'000'000;
    struct Row {
        const char* payload;
        std::optional<std::int64_t> event_ms;
        std::int64_t plain_us, by_path_us;
    };
    const auto row = GENERATE_COPY(values<Row>({
        {R"({"at":1600000000,"ts":1600000001})", {}, 1'600'000'001'000'000, 1'600'000'000'000'000},
        {R"({"at":"2020-09-13T12:26:40Z"})", {}, arrival, 1'600'000'000'000'000},
        {R"({"timestamp":1600000001.5})", {}, 1'600'000'001'500'000, 1'600'000'001'500'000},
        {R"({"time":1600000001000})", {}, 1'600'000'001'000'000, 1'600'000'001'000'000},
        {R"({"ts":1600000001})", 1'500'000'000'000, 1'500'000'000'000'000, 1'500'000'000'000'000},
        {R"({"ts":"soon","time":-1})", {}, arrival, arrival},
        {"{", {}, arrival, arrival},
        {R"({"ts":true})", {}, arrival, arrival},
    }));
    CAPTURE(row.payload);
    PayloadColumns columns({plain, by_path});
    MessageView one_row = message(row.payload);
    one_row.event_ms = row.event_ms;
    columns.decode({&one_row, 1});
    CHECK(columns.column(0).at(0).as_int() == row.plain_us);
    CHECK(columns.column(1).at(0).as_int() == row.by_path_us);
    CHECK_FALSE(columns.is_implausible(0, 0));
}

TEST_CASE("what cannot be the event time is not taken for it, and is counted",
          "[record][payload]") {
    const Field plain{FieldKind::ts};
    const Field by_path{FieldKind::ts, Path::parse("at").value()};
    const std::int64_t arrival = 1'700'000'000'000'000;
    struct Row {
        const char* payload;
        std::optional<std::int64_t> event_ms;
        std::int64_t plain_us;
        bool plain_is_implausible;
        std::int64_t by_path_us;
        bool by_path_is_implausible;
    };
    const auto row = GENERATE_COPY(values<Row>({
        // an uptime, a counter
        {R"({"time":35})", {}, arrival, true, arrival, true},
        {R"({"ts":"1999-12-31T23:59:59Z"})", {}, arrival, true, arrival, true},
        {R"({"ts":946684800})", {}, 946'684'800'000'000, false, 946'684'800'000'000, false},
        // another member tells it
        {R"({"ts":35,"time":1600000000})",
         {},
         1'600'000'000'000'000,
         false,
         1'600'000'000'000'000,
         false},
        // a clock ahead by up to an hour may be right, by more it is not, whoever says so
        {R"({"ts":1700003600})", {}, 1'700'003'600'000'000, false, 1'700'003'600'000'000, false},
        {R"({"ts":1700003601})", {}, arrival, true, arrival, true},
        {R"({})", 1'700'003'601'000, arrival, true, arrival, true},
        {R"({"at":1800000000})", 1'600'000'000'000, 1'600'000'000'000'000, false, arrival, true},
        // whoever names the path knows what stands there
        {R"({"at":35})", {}, arrival, false, 35'000'000, false},
        {R"({"ts":"soon"})", {}, arrival, false, arrival, false},
    }));
    CAPTURE(row.payload);
    PayloadColumns columns({plain, by_path, path("ts")});
    MessageView one_row = message(row.payload);
    one_row.event_ms = row.event_ms;
    columns.decode({&one_row, 1});
    CHECK(columns.column(0).at(0).as_int() == row.plain_us);
    CHECK(columns.is_implausible(0, 0) == row.plain_is_implausible);
    CHECK(columns.column(1).at(0).as_int() == row.by_path_us);
    CHECK(columns.is_implausible(1, 0) == row.by_path_is_implausible);
    CHECK_FALSE(columns.is_implausible(2, 0)); // not an event time
}

TEST_CASE("an oversized payload is refused by name", "[record][payload]") {
    const std::string large = "\"" + std::string(PayloadColumns::kPayloadBytesMax, 'x') + "\"";
    PayloadColumns columns({path("a")});
    const auto row = message(large);
    columns.decode({&row, 1});
    CHECK(columns.error(0) == "payload is larger than 16 MiB");
}
