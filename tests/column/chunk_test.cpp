// Goal: a column comes back from its chunk bit for bit, whatever its rows are, in few bytes where
// they are regular; and bytes that are no chunk are refused. Method: round trips over chosen and
// generated columns, every prefix, single flipped bytes.
#include <holdfast/column/chunk.hpp>
#include <holdfast/column/chunk_ints.hpp>

#include <catch2/catch.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::column;

namespace {

constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
constexpr auto kInfinity = std::numeric_limits<double>::infinity();

Column column_of(const std::vector<Value>& values) {
    Column made;
    made.reset(values.size());
    for (std::size_t row = 0; row < values.size(); ++row) made.set(row, values[row]);
    return made;
}

std::vector<Value> ints(const std::vector<std::int64_t>& numbers) {
    std::vector<Value> made;
    for (const std::int64_t number : numbers) made.push_back(Value::of_int(number));
    return made;
}

std::vector<Value> doubles(const std::vector<double>& numbers) {
    std::vector<Value> made;
    for (const double number : numbers) made.push_back(Value::of_float(number));
    return made;
}

Bytes encoded(const std::vector<Value>& values) {
    Bytes bytes;
    encode_column(column_of(values), bytes);
    return bytes;
}

bool same(const Value& left, const Value& right) {
    if (left.type() != right.type()) return false;
    switch (left.type()) {
        case Type::null: return true;
        case Type::float64: // by bits: -0 is not 0, and a NaN is itself
            return std::bit_cast<std::int64_t>(left.as_float()) ==
                   std::bit_cast<std::int64_t>(right.as_float());
        case Type::text: return left.as_text() == right.as_text();
        case Type::int64:
        case Type::boolean:
        case Type::timestamp: break;
    }
    return left.as_int() == right.as_int();
}

// The number of the first row that does not come back, or -1.
int first_difference(const std::vector<Value>& values) {
    const Bytes bytes = encoded(values);
    TextArena arena;
    Column back;
    const auto decoded = decode_column(bytes, values.size(), arena, back);
    if (!decoded || back.rows() != values.size()) return 0;
    for (std::size_t row = 0; row < values.size(); ++row)
        if (!same(values[row], back.at(row))) return static_cast<int>(row);
    return -1;
}

Value random_value(std::mt19937_64& random, int kind, const std::vector<std::string>& words) {
    const std::uint64_t bits = random();
    switch (kind) {
        case 0: return Value::of_int(static_cast<std::int64_t>(bits));
        case 1: return Value::of_int(static_cast<std::int64_t>(bits % 7));
        case 2: return Value::of_float(static_cast<double>(bits % 100'000) / 100);
        case 3: return Value::of_float(std::bit_cast<double>(bits));
        case 4: return Value::of_bool(bits % 2 == 0);
        case 5: return Value::of_text(words[bits % words.size()]);
        case 6: return Value::of_timestamp_us(static_cast<std::int64_t>(bits >> 12U));
        default: return {};
    }
}

} // namespace

TEST_CASE("every value of a chunk comes back as it was", "[column][chunk]") {
    struct Case {
        const char* what;
        std::vector<Value> values;
    };
    const std::vector<Case> cases = {
        {"no rows", {}},
        {"one row", ints({-5})},
        {"NULLs alone", {Value(), Value(), Value()}},
        {"the ends of int64", ints({kMin, kMax, 0, kMax, kMin, -1, kMin})},
        {"two far apart", ints({kMin, kMax})},
        {"a straight line", ints({10, 20, 30, 40, 50, 60})},
        {"a line that wraps around", ints({kMax - 1, kMax, kMin, kMin + 1})},
        {"runs", ints({1, 1, 1, 1, 1, 9, 9, 9, 9, 9, 9, -4, -4, -4, -4, -4, -4})},
        {"decimals", doubles({21.5, 21.6, 21.4, 0.1, 0.2, 0.30000000000000004, 1e-7})},
        {"what is no decimal",
         doubles({1.5, -0.0, 0.0, kInfinity, -kInfinity, 2.5, 3.5, 4.5, 5.5})},
        {"NaNs with their payloads",
         doubles({1, 2, 3, 4, std::bit_cast<double>(0x7FF8'0000'0000'0000ULL),
                  std::bit_cast<double>(0xFFF8'1234'5678'9ABCULL), 5})},
        {"the ends of double",
         doubles({std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min(),
                  std::numeric_limits<double>::lowest(), 9007199254740993.0, 4503599627370497.5})},
        {"long fractions", doubles({M_PI, M_E, std::sqrt(2.0), std::sqrt(3.0), 1.0 / 3})},
        {"texts", {Value::of_text("up"), Value::of_text(""), Value::of_text("up")}},
        {"an int that became a double, then a text, then nothing",
         {Value::of_int(5), Value::of_float(5), Value::of_text("5"), Value(), Value::of_bool(true),
          Value::of_bool(false), Value::of_timestamp_us(5)}},
    };
    for (const auto& each : cases) {
        CAPTURE(each.what);
        CHECK(first_difference(each.values) == -1);
    }
}

TEST_CASE("generated columns come back as they were", "[column][chunk]") {
    const std::vector<std::string> words = {"idle", "up", "down", std::string(300, 'x'), ""};
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937_64 random(seed);
        const std::size_t rows = random() % 300;
        const int first_kind = static_cast<int>(random() % 8);
        const int second_kind = static_cast<int>(random() % 8);
        const auto share = random() % 5;
        std::vector<Value> values;
        for (std::size_t row = 0; row < rows; ++row)
            values.push_back(
                random_value(random, random() % 4 < share ? first_kind : second_kind, words));
        CAPTURE(seed);
        REQUIRE(first_difference(values) == -1);
    }
}

TEST_CASE("integers of every bit width come back", "[column][chunk]") {
    for (unsigned width = 0; width < 64; ++width) {
        std::mt19937_64 random(width);
        std::vector<std::int64_t> numbers;
        for (int i = 0; i < 67; ++i)
            numbers.push_back(static_cast<std::int64_t>((random() >> (63 - width)) - 1000));
        CAPTURE(width);
        CHECK(first_difference(ints(numbers)) == -1);
    }
}

TEST_CASE("what is regular takes few bytes", "[column][chunk]") {
    constexpr std::size_t kRows = 2048;
    std::mt19937_64 random(1);
    std::vector<Value> grid, constant, decimals, enums, bits, distinct, mostly_null, with_nan;
    std::vector<std::string> names;
    for (std::size_t row = 0; row < kRows; ++row) names.push_back("n" + std::to_string(row));
    std::int64_t level = 20'000;
    for (std::size_t row = 0; row < kRows; ++row) {
        level += static_cast<std::int64_t>(random() % 16) - 8;
        const double decimal = static_cast<double>(level) / 100;
        grid.push_back(Value::of_timestamp_us(static_cast<std::int64_t>(row) * 10'000'000));
        constant.push_back(Value::of_float(0.25));
        decimals.push_back(Value::of_float(decimal));
        enums.push_back(Value::of_text(random() % 2 == 0 ? "open" : "closed"));
        bits.push_back(Value::of_bool(random() % 2 == 0));
        distinct.push_back(Value::of_text(names[row]));
        mostly_null.push_back(row % 512 == 0 ? Value::of_int(1) : Value());
        with_nan.push_back(Value::of_float(row == 77 ? std::nan("") : decimal));
    }
    CHECK(encoded(grid).size() <= 24);
    CHECK(encoded(constant).size() <= 16);
    CHECK(encoded(decimals).size() <= kRows / 2 + 24);
    CHECK(encoded(with_nan).size() <= kRows / 2 + 48);
    CHECK(encoded(enums).size() <= kRows / 8 + 40);
    CHECK(encoded(bits).size() <= kRows / 8 + 16);
    CHECK(encoded(distinct).size() <= kRows * 4);
    CHECK(encoded(mostly_null).size() <= 64);
}

TEST_CASE("a chunk that was cut, or that has more rows than said, is corrupt", "[column][chunk]") {
    std::vector<Value> values = ints({3, 1, 4, 1, 5});
    for (const double number : {0.5, -0.0, 0.75, 1e300}) values.push_back(Value::of_float(number));
    values.push_back(Value::of_text("open"));
    values.push_back(Value::of_bool(true));
    values.push_back(Value());
    Bytes bytes = encoded(values);
    TextArena arena;
    Column back;
    REQUIRE(decode_column(bytes, values.size(), arena, back));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        CAPTURE(size);
        const auto cut = decode_column(ByteView(bytes).first(size), values.size(), arena, back);
        REQUIRE_FALSE(cut);
        CHECK(cut.error().code == Errc::corrupt);
        CHECK(back.rows() == 0);
    }
    CHECK(decode_column(bytes, values.size() + 1, arena, back).error().code == Errc::corrupt);
    bytes.push_back(std::byte{0});
    CHECK(decode_column(bytes, values.size(), arena, back).error().code == Errc::corrupt);
}

TEST_CASE("any byte of a chunk may be wrong without harm", "[column][chunk]") {
    std::vector<Value> values;
    for (int row = 0; row < 40; ++row) {
        values.push_back(Value::of_int(row * 3));
        values.push_back(Value::of_float(row / 8.0 + (row == 7 ? 1e-17 : 0)));
        values.push_back(Value::of_text(row % 3 == 0 ? "a longer text than the others" : "b"));
    }
    const Bytes bytes = encoded(values);
    for (std::size_t at = 0; at < bytes.size(); ++at)
        for (unsigned flip = 1; flip < 256; flip <<= 1U) {
            Bytes damaged = bytes;
            damaged[at] ^= static_cast<std::byte>(flip);
            TextArena arena;
            Column back;
            const auto decoded = decode_column(damaged, values.size(), arena, back);
            if (decoded) {
                REQUIRE(back.rows() == values.size());
            } else {
                REQUIRE(decoded.error().code == Errc::corrupt);
            }
        }
}

TEST_CASE("texts that the reader has no memory for are refused", "[column][chunk]") {
    const std::string text(100'000, 'x');
    const Bytes bytes = encoded({Value::of_text(text)});
    TextArena arena;
    arena.set_limit(1000);
    Column back;
    CHECK(decode_column(bytes, 1, arena, back).error().code == Errc::limit_exceeded);
}
