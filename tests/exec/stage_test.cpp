// Goal: batches that are pushed give what the same batches give when they are pulled, whoever keeps
// the groups. Method: frames by hand; expressions out of rules, whose plans a stage is for.
#include <holdfast/exec/aggregate_input.hpp>
#include <holdfast/exec/stage.hpp>
#include <holdfast/sql/rule_plan.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace holdfast;
using column::Value;

namespace {

sql::RulePlan plan_of(const std::string& select) {
    auto plan = sql::plan_rule("CREATE RULE r AS " + select);
    REQUIRE(plan);
    return std::move(plan).value();
}

std::vector<const sql::Expression*> borrowed(const std::vector<sql::ExpressionPtr>& all) {
    std::vector<const sql::Expression*> out;
    for (const auto& each : all) out.push_back(each.get());
    return out;
}

// A batch of the plan's fields: `v` as given, all else NULL.
struct Batch {
    Batch(const sql::RulePlan& plan, const std::vector<std::int64_t>& v)
        : columns(plan.fields().size()), frame{{}, v.size()} {
        for (std::size_t c = 0; c < columns.size(); ++c) {
            columns[c].reset(v.size());
            for (std::size_t row = 0; row < v.size(); ++row)
                if (plan.fields()[c].to_string() == "v") columns[c].set(row, Value::of_int(v[row]));
            frame.columns.push_back(&columns[c]);
        }
    }
    std::vector<column::Column> columns;
    column::Frame frame;
};

struct Due final : sql::Interrupt {
    [[nodiscard]] bool is_due() const override { return is_over; }
    bool is_over = false;
};

} // namespace

TEST_CASE("a stage gives items of the rows that pass, and which they were", "[exec]") {
    const auto plan = plan_of("SELECT v * 10 AS x FROM s WHERE v > 2 AND v <> 4");
    exec::Context context;
    exec::Stage stage(borrowed(plan.select.filters), borrowed(plan.select.items),
                      plan.fields().size(), context);
    const auto check = [&](const std::vector<std::int64_t>& v,
                           const std::vector<std::uint32_t>& numbers) {
        const Batch batch(plan, v);
        const auto rows = stage.run(batch.frame);
        REQUIRE(rows);
        CHECK(rows.value()->numbers == numbers);
        REQUIRE(rows.value()->frame.columns.size() == 1);
        REQUIRE(rows.value()->frame.rows == numbers.size());
        for (std::size_t i = 0; i < numbers.size(); ++i)
            CHECK(rows.value()->frame.columns[0]->at(i).as_int() == 10 * v[numbers[i]]);
    };
    check({1, 3, 4, 5}, {1, 3});
    check({3, 3}, {0, 1});
    check({1}, {});
    check({}, {});
    check({9, 1, 9}, {0, 2});
}

TEST_CASE("a stage without conditions or items gives what went in", "[exec]") {
    const auto plan = plan_of("SELECT v FROM s");
    exec::Context context;
    exec::Stage stage({}, {}, plan.fields().size(), context);
    const Batch batch(plan, {7, 8});
    const auto rows = stage.run(batch.frame);
    REQUIRE(rows);
    CHECK(rows.value()->frame.columns == batch.frame.columns);
    CHECK(rows.value()->numbers == std::vector<std::uint32_t>{0, 1});
}

TEST_CASE("a stage counts what became NULL and ends when it is interrupted", "[exec]") {
    const auto plan = plan_of("SELECT 1 / v AS x FROM s WHERE v >= 0");
    exec::Context context;
    Due due;
    context.interrupt_by(&due);
    exec::Stage stage(borrowed(plan.select.filters), borrowed(plan.select.items),
                      plan.fields().size(), context);
    const Batch batch(plan, {0, 1, 0, -1});
    REQUIRE(stage.run(batch.frame));
    CHECK(context.mismatches == 2);
    due.is_over = true;
    const auto rows = stage.run(batch.frame);
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == Errc::closed);
}

TEST_CASE("rows add to groups that somebody else keeps", "[exec]") {
    const auto plan = plan_of(
        "SELECT sum(v + 1) AS s, count(*) AS n, max(v) AS m FROM s GROUP BY device, TUMBLE(1s)");
    exec::AggregateInput input(plan.select.aggregates);
    std::vector<sql::AggregateState> even(3);
    std::vector<sql::AggregateState> odd(3);
    std::uint64_t mismatches = 0;
    for (const auto& v : {std::vector<std::int64_t>{1, 2, 3}, std::vector<std::int64_t>{4, 5}}) {
        const Batch batch(plan, v);
        sql::Evaluation evaluation;
        input.begin(batch.frame, evaluation);
        for (std::size_t row = 0; row < v.size(); ++row)
            input.add(row, v[row] % 2 == 0 ? even : odd, mismatches);
    }
    CHECK(even[0].result(sql::AggregateKind::sum).as_int() == 8);
    CHECK(even[1].result(sql::AggregateKind::count_rows).as_int() == 2);
    CHECK(odd[0].result(sql::AggregateKind::sum).as_int() == 12);
    CHECK(odd[2].result(sql::AggregateKind::max).as_int() == 5);
    CHECK(mismatches == 0);
}
