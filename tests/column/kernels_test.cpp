// Goal: kernels follow three-valued logic, keep int64 exact and count what has no result; the plain
// loop over uniform columns and the loop by row agree.
#include <holdfast/column/kernels.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <vector>

using namespace holdfast::column;

namespace {

constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
const Value kNull;
Value i(std::int64_t value) {
    return Value::of_int(value);
}
Value d(double value) {
    return Value::of_float(value);
}
Value t(std::string_view value) {
    return Value::of_text(value);
}
Value us(std::int64_t value) {
    return Value::of_timestamp_us(value);
}

Column column_of(const std::vector<Value>& values) {
    Column made;
    made.reset(values.size());
    for (std::size_t row = 0; row < values.size(); ++row) made.set(row, values[row]);
    return made;
}

bool same(const Value& a, const Value& b) {
    if (a.type() != b.type()) return false;
    return a.is_null() || compare(a, b) == 0;
}

} // namespace

TEST_CASE("arithmetic keeps int64 exact and turns what has no result into counted NULL",
          "[column]") {
    struct Row {
        const char* what;
        Arithmetic op;
        Value left, right, result;
        std::uint64_t mismatches;
    };
    const auto row = GENERATE(values<Row>({
        {"int sum", Arithmetic::add, i(kMax - 1), i(1), i(kMax), 0},
        {"int overflow", Arithmetic::add, i(kMax), i(1), kNull, 1},
        {"int difference", Arithmetic::subtract, i(3), i(5), i(-2), 0},
        {"difference overflow", Arithmetic::subtract, i(kMin), i(1), kNull, 1},
        {"int product", Arithmetic::multiply, i(1LL << 31), i(1LL << 31), i(1LL << 62), 0},
        {"product overflow", Arithmetic::multiply, i(kMax), i(2), kNull, 1},
        {"slash is real division", Arithmetic::divide, i(1), i(2), d(0.5), 0},
        {"x/0", Arithmetic::divide, i(1), i(0), kNull, 1},
        {"0/0 of doubles", Arithmetic::divide, d(0), d(0), kNull, 1},
        {"DIV truncates", Arithmetic::div, i(-7), i(2), i(-3), 0},
        {"DIV by zero", Arithmetic::div, i(7), i(0), kNull, 1},
        {"DIV overflow", Arithmetic::div, i(kMin), i(-1), kNull, 1},
        {"DIV of doubles", Arithmetic::div, d(-7.5), d(2), d(-3), 0},
        {"remainder", Arithmetic::modulo, i(-7), i(3), i(-1), 0},
        {"remainder by zero", Arithmetic::modulo, i(7), i(0), kNull, 1},
        {"remainder by -1", Arithmetic::modulo, i(kMin), i(-1), i(0), 0},
        {"remainder of doubles", Arithmetic::modulo, d(7.5), d(2), d(1.5), 0},
        {"mixed", Arithmetic::add, i(1), d(0.5), d(1.5), 0},
        {"not finite", Arithmetic::multiply, d(1e308), d(10), kNull, 1},
        {"NULL is not a mismatch", Arithmetic::add, kNull, t("x"), kNull, 0},
        {"text", Arithmetic::add, i(1), t("1"), kNull, 1},
        {"timestamps subtract", Arithmetic::subtract, us(5), us(3), i(2), 0},
        {"timestamps do not add", Arithmetic::add, us(5), us(3), kNull, 1},
        {"timestamp plus int", Arithmetic::add, us(5), i(3), us(8), 0},
        {"int plus timestamp", Arithmetic::add, i(3), us(5), us(8), 0},
        {"int minus timestamp", Arithmetic::subtract, i(3), us(5), kNull, 1},
        {"timestamp plus double", Arithmetic::add, us(5), d(1), kNull, 1},
        {"timestamp overflow", Arithmetic::add, us(kMax), i(1), kNull, 1},
        {"timestamp times", Arithmetic::multiply, us(5), i(3), kNull, 1},
    }));
    CAPTURE(row.what);
    std::uint64_t mismatches = 0;
    CHECK(same(arithmetic(row.op, row.left, row.right, mismatches), row.result));
    CHECK(mismatches == row.mismatches);
}

TEST_CASE("columns of doubles give what single cells give", "[column]") {
    const std::vector<Value> left{d(1), d(-2.5), d(8), d(9)};
    const std::vector<Value> right{d(3), d(0), d(8), d(2)};
    const auto op = GENERATE(Arithmetic::add, Arithmetic::subtract, Arithmetic::multiply,
                             Arithmetic::divide, Arithmetic::div, Arithmetic::modulo);
    Column out;
    std::uint64_t by_column = 0;
    std::uint64_t by_cell = 0;
    arithmetic(op, column_of(left), column_of(right), out, by_column);
    REQUIRE(out.rows() == left.size());
    for (std::size_t row = 0; row < left.size(); ++row)
        CHECK(same(out.at(row), arithmetic(op, left[row], right[row], by_cell)));
    CHECK(by_column == by_cell);
}

TEST_CASE("comparison is exact between int64 and double and refuses to mix types", "[column]") {
    struct Row {
        const char* what;
        Value left, right;
        int order; // 2: NULL
        std::uint64_t mismatches;
    };
    const auto row = GENERATE(values<Row>({
        {"2^53 + 1 is more than 2^53", i((1LL << 53) + 1), d(9007199254740992.0), 1, 0},
        {"the same, turned", d(9007199254740992.0), i((1LL << 53) + 1), -1, 0},
        {"fraction", i(1), d(1.5), -1, 0},
        {"negative fraction", i(-1), d(-1.5), 1, 0},
        {"equal", i(2), d(2.0), 0, 0},
        {"huge", i(kMax), d(1e300), -1, 0},
        {"tiny", i(kMin), d(-1e300), 1, 0},
        {"ints", i(1), i(2), -1, 0},
        {"doubles", d(2), d(1), 1, 0},
        {"text", t("abc"), t("abd"), -1, 0},
        {"boolean", Value::of_bool(true), Value::of_bool(false), 1, 0},
        {"timestamp", us(1), us(1), 0, 0},
        {"text and number", t("1"), i(1), 2, 1},
        {"NULL", kNull, i(1), 2, 0},
    }));
    CAPTURE(row.what);
    const auto holds = [&](Comparison op, std::uint64_t& mismatches) {
        Column out;
        compare(op, column_of({row.left}), column_of({row.right}), out, mismatches);
        return out.at(0);
    };
    const auto expect = [&](Comparison op, bool when) {
        std::uint64_t mismatches = 0;
        const Value result = holds(op, mismatches);
        CHECK(mismatches == row.mismatches);
        CHECK(same(result, row.order == 2 ? kNull : Value::of_bool(when)));
    };
    expect(Comparison::equal, row.order == 0);
    expect(Comparison::not_equal, row.order != 0);
    expect(Comparison::less, row.order < 0);
    expect(Comparison::less_equal, row.order <= 0);
    expect(Comparison::greater, row.order > 0);
    expect(Comparison::greater_equal, row.order >= 0);
}
