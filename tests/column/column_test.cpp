// Goal: columns keep what was put in, row by row; paths, timestamps and JSON text read and write as
// documented.
#include <holdfast/column/column.hpp>
#include <holdfast/column/field.hpp>
#include <holdfast/column/json_text.hpp>
#include <holdfast/column/timestamp.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>
#include <string>

using namespace holdfast::column;

TEST_CASE("a column keeps cells of mixed types", "[column]") {
    TextArena arena;
    Column column;
    column.reset(6);
    column.set(0, Value::of_int(-5));
    column.set(1, Value::of_float(2.5));
    column.set(2, Value::of_bool(true));
    column.set(3, Value::of_text(arena.keep("hello")));
    column.set(4, Value::of_timestamp_us(77));
    CHECK(column.at(0).as_int() == -5);
    CHECK(column.at(1).as_float() == 2.5);
    CHECK(column.at(2).is_true());
    CHECK(column.at(3).as_text() == "hello");
    CHECK(column.at(4).type() == Type::timestamp);
    CHECK(column.at(5).is_null());
    CHECK(column.uniform_type() == Type::null);
    const Column picked = column.gather({3, 0});
    CHECK(picked.rows() == 2);
    CHECK(picked.at(0).as_text() == "hello");
    CHECK(picked.at(1).as_int() == -5);
    column.fill(Type::int64, 2)[1] = 9;
    CHECK(column.uniform_type() == Type::int64);
    CHECK(column.at(1).as_int() == 9);
    CHECK(Column().uniform_type() == Type::null);
}

TEST_CASE("an arena keeps texts in place across blocks", "[column]") {
    TextArena arena;
    const auto first = arena.keep("first");
    const std::string large(200'000, 'x');
    CHECK(arena.keep(large) == large);
    CHECK(arena.keep("").empty());
    CHECK(first == "first");
    arena.clear();
    CHECK(arena.keep("again") == "again");
}

TEST_CASE("an arena keeps no text past its limit, and says so until it is cleared", "[column]") {
    TextArena arena;
    arena.set_limit(100'000);
    const std::string half(50'000, 'x');
    CHECK(arena.keep(half) == half);
    CHECK_FALSE(arena.is_full());
    CHECK(arena.keep(std::string(60'000, 'y')).empty());
    CHECK(arena.is_full());
    CHECK(arena.bytes() <= 100'000);
    arena.clear();
    CHECK_FALSE(arena.is_full());
    CHECK(arena.keep(half) == half);
}

TEST_CASE("a path prints as it is written", "[column]") {
    const auto text = GENERATE(as<std::string>(), "a", "engine.temp", "a[0].b", "a[-1]",
                               "\"odd key\"", "a.\"x\"\"y\"[2][3]", "größe", "\"\"");
    CHECK(Path::parse(text).value().to_string() == text);
}

TEST_CASE("a path that is not one is malformed", "[column]") {
    std::string long_path = "a";
    for (int i = 0; i < 40; ++i) long_path += ".a";
    const auto text = GENERATE_COPY(as<std::string>(), "", ".", "a.", "a[", "a[x]", "a[1", "a b",
                                    "\"open", "a[99999999999999999999]", long_path);
    CAPTURE(text);
    CHECK(Path::parse(text).error().code == holdfast::Errc::malformed);
}

TEST_CASE("a topic has levels from both ends", "[column]") {
    const auto level = [](std::string_view topic, std::int64_t n) {
        std::string_view out;
        return topic_level(topic, n, out) ? std::string(out) : std::string("-");
    };
    CHECK(level("a/b/c", 0) == "a");
    CHECK(level("a/b/c", 2) == "c");
    CHECK(level("a/b/c", -1) == "c");
    CHECK(level("a/b/c", -3) == "a");
    CHECK(level("a//c", 1).empty());
    CHECK(level("a/b/c", 3) == "-");
    CHECK(level("a/b/c", -4) == "-");
    CHECK(level("a", INT64_MIN) == "-");
}

TEST_CASE("timestamps are read as people write them", "[column]") {
    static constexpr std::int64_t day = 1'714'557'600'000'000; // 2024-05-01T10:00:00Z
    struct Row {
        const char* text;
        std::optional<std::int64_t> us;
    };
    const auto row = GENERATE(values<Row>({
        {"2024-05-01T10:00:00Z", day},
        {"2024-05-01 10:00:00", day},
        {"2024-05-01T10:00Z", day},
        {"2024-05-01T12:00:00+02:00", day},
        {"2024-05-01T08:30:00-0130", day},
        {"2024-05-01T12:00:00+02", day},
        {"2024-05-01T10:00:00.123Z", day + 123'000},
        {"2024-05-01T10:00:00,1234567Z", day + 123'456},
        {"2024-05-01", day - 36'000'000'000},
        {"1970-01-01T00:00:00Z", 0},
        {"2024-02-30", std::nullopt},
        {"2024-05-01T25:00:00Z", std::nullopt},
        {"2024-05-01T10:00:00.Z", std::nullopt},
        {"2024-05-01T10:00:00Q", std::nullopt},
        {"2024-05-01T10:00:00+99:00", std::nullopt},
        {"2024-05-01T10:00:00Zz", std::nullopt},
        {"2024-05-01T", std::nullopt},
        {"yesterday", std::nullopt},
        {"", std::nullopt},
    }));
    CAPTURE(row.text);
    CHECK(parse_timestamp(row.text) == row.us);
}

TEST_CASE("an epoch's unit is told by its magnitude", "[column]") {
    const std::int64_t us = 1'714'557'600'000'000;
    CHECK(timestamp_from_epoch(std::int64_t{1'714'557'600}) == us);
    CHECK(timestamp_from_epoch(us / 1000) == us);
    CHECK(timestamp_from_epoch(us) == us);
    CHECK(timestamp_from_epoch(us * 1000) == us);
    CHECK(timestamp_from_epoch(1'714'557'600.5) == us + 500'000);
    CHECK(timestamp_from_epoch(1'714'557'600'000.0) == us);
    CHECK(timestamp_from_epoch(1'714'557'600'000'000.0) == us);
    CHECK(timestamp_from_epoch(1.7145576e18) == us);
    CHECK_FALSE(timestamp_from_epoch(std::int64_t{-1}));
    CHECK_FALSE(timestamp_from_epoch(-0.5));
    CHECK_FALSE(timestamp_from_epoch(1e300));
}

TEST_CASE("cells print as JSON and as text", "[column]") {
    const auto json = [](const Value& value) {
        std::string out;
        append_json(out, value);
        return out;
    };
    CHECK(json({}) == "null");
    CHECK(json(Value::of_int(-7)) == "-7");
    CHECK(json(Value::of_float(0.1)) == "0.1");
    CHECK(json(Value::of_float(2)) == "2.0");
    CHECK(json(Value::of_float(1e300 * 1e300)) == "null");
    CHECK(json(Value::of_bool(false)) == "false");
    CHECK(json(Value::of_text("a\"\\\n\r\t\x01z")) == "\"a\\\"\\\\\\n\\r\\t\\u0001z\"");
    CHECK(json(Value::of_timestamp_us(1'714'557'600'123'000)) == "\"2024-05-01T10:00:00.123Z\"");
    CHECK(json(Value::of_timestamp_us(1)) == "\"1970-01-01T00:00:00.000001Z\"");
    CHECK(to_text({}).empty());
    CHECK(to_text(Value::of_bool(true)) == "true");
    CHECK(to_text(Value::of_text("x")) == "x");
}

TEST_CASE("types and fields have names", "[column]") {
    CHECK(to_string(Type::int64) == "BIGINT");
    CHECK(to_string(Type::text) == "TEXT");
    CHECK(to_string(Type::null) == "NULL");
    CHECK(Field{FieldKind::topic_level, {}, 2}.to_string() == "topic_level(2)");
    CHECK(Field{FieldKind::path, Path::parse("a.b").value()}.to_string() == "a.b");
    CHECK(Field{FieldKind::arrival_ts}.to_string() == "arrival_ts");
    CHECK(Field{FieldKind::value}.is_from_payload());
    CHECK_FALSE(Field{FieldKind::payload}.is_from_payload());
}

TEST_CASE("NaN is neither less nor greater than any number", "[column]") {
    const Value nan = Value::of_float(std::nan(""));
    for (const Value& number :
         {Value::of_int(0), Value::of_int(INT64_MIN), Value::of_float(-1.5)}) {
        CHECK(compare(nan, number) == 0);
        CHECK(compare(number, nan) == 0);
    }
}
