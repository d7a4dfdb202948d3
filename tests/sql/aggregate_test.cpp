// Goal: aggregates leave NULLs out, keep int64 sums exact, and survive being stored.
#include <holdfast/sql/aggregate.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <vector>

using namespace holdfast;
using column::Type;
using column::Value;
using sql::AggregateKind;
using sql::AggregateState;

namespace {

AggregateState stored_and_read(const AggregateState& state) {
    Bytes bytes;
    ByteWriter writer(bytes);
    state.encode(writer);
    ByteReader reader(bytes);
    auto read = AggregateState::decode(reader);
    REQUIRE(read);
    CHECK(reader.empty());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        ByteReader cut(ByteView(bytes).first(size));
        CHECK(AggregateState::decode(cut).has_error());
    }
    return std::move(read).value();
}

Value i(std::int64_t value) {
    return Value::of_int(value);
}
Value d(double value) {
    return Value::of_float(value);
}
Value t(std::string_view value) {
    return Value::of_text(value);
}

} // namespace

TEST_CASE("an aggregate gives what it has seen, also after it was stored half way", "[sql]") {
    struct Row {
        const char* name;
        std::vector<Value> values;
        Value result;
        std::uint64_t mismatches;
    };
    constexpr auto max = std::numeric_limits<std::int64_t>::max();
    const auto row = GENERATE_COPY(values<Row>({
        {"count", {i(1), Value(), t("x")}, i(2), 0},
        {"count_if", {Value::of_bool(true), Value::of_bool(false), i(1)}, i(1), 1},
        {"sum", {i(max - 1), i(1)}, i(max), 0},
        {"sum", {i(max), i(1)}, d(9223372036854775808.0), 0},
        {"sum", {i(1), d(0.5)}, d(1.5), 0},
        {"sum", {i(1), t("x")}, i(1), 1},
        {"sum", {Value()}, Value(), 0},
        {"avg", {i(1), i(2)}, d(1.5), 0},
        {"avg", {}, Value(), 0},
        {"stddev", {i(2), i(4), i(4), i(4), i(5), i(5), i(7), i(9)}, d(2.138089935299395), 0},
        {"stddev", {i(2)}, Value(), 0},
        {"var", {d(1), d(3)}, d(2), 0},
        {"min", {i(3), d(2.5), Value()}, d(2.5), 0},
        {"max", {t("a"), t("c"), t("b")}, t("c"), 0},
        {"max", {t("a"), i(1)}, t("a"), 1},
        {"first", {Value(), i(7), i(8)}, i(7), 0},
        {"last", {i(7), Value::of_bool(true), Value()}, Value::of_bool(true), 0},
        {"last", {Value::of_timestamp_us(5)}, Value::of_timestamp_us(5), 0},
    }));
    CAPTURE(row.name);
    const auto kind = sql::find_aggregate(row.name);
    REQUIRE(kind);
    AggregateState state;
    std::uint64_t mismatches = 0;
    for (std::size_t at = 0; at < row.values.size(); ++at) {
        if (at == row.values.size() / 2) state = stored_and_read(state);
        state.add(*kind, row.values[at], mismatches);
    }
    const auto read = stored_and_read(state);
    const Value result = read.result(*kind);
    CHECK(mismatches == row.mismatches);
    REQUIRE(result.type() == row.result.type());
    if (result.type() == Type::float64) {
        CHECK(result.as_float() == Approx(row.result.as_float()));
    } else if (!result.is_null()) {
        CHECK(column::compare(result, row.result) == 0);
    }
}

TEST_CASE("count of rows counts NULLs too", "[sql]") {
    AggregateState state;
    std::uint64_t mismatches = 0;
    state.add(AggregateKind::count_rows, Value(), mismatches);
    state.add(AggregateKind::count_rows, i(1), mismatches);
    CHECK(state.result(AggregateKind::count_rows).as_int() == 2);
}

TEST_CASE("a text too long to keep is counted", "[sql]") {
    AggregateState state;
    std::uint64_t mismatches = 0;
    const std::string large(AggregateState::kTextBytesMax + 1, 'x');
    state.add(AggregateKind::last, t(large), mismatches);
    CHECK(state.result(AggregateKind::last).is_null());
    CHECK(mismatches == 1);
    CHECK_FALSE(sql::find_aggregate("no_such_aggregate"));
}

TEST_CASE("a stored aggregate with an impossible type is corrupt", "[sql]") {
    Bytes bytes;
    ByteWriter writer(bytes);
    AggregateState().encode(writer);
    bytes[bytes.size() - 11] = std::byte{9}; // the type stands before 8 bytes and an empty text
    ByteReader reader(bytes);
    CHECK(AggregateState::decode(reader).error().code == Errc::corrupt);
}
