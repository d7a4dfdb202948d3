// Goal: an expression ends soon after whoever asked has gone or its time is over, however much it
// has before it. Method: an interrupt that counts how often it is asked.
#include <holdfast/sql/expression.hpp>
#include <holdfast/sql/function.hpp>

#include <catch2/catch.hpp>

#include <cstddef>
#include <string>

using namespace holdfast;

namespace {

class Counted final : public sql::Interrupt {
public:
    explicit Counted(bool due) : due_(due) {}
    bool is_due() const override {
        ++asked;
        return due_;
    }
    mutable std::size_t asked = 0;

private:
    const bool due_;
};

// upper(column 0)
sql::Expression upper_of_first() {
    sql::Expression call;
    call.kind = sql::ExpressionKind::call;
    call.function = sql::find_function("upper");
    auto slot = std::make_unique<sql::Expression>();
    slot->kind = sql::ExpressionKind::slot;
    call.args.push_back(std::move(slot));
    return call;
}

constexpr std::size_t kRows = 10'000;

std::size_t values_of(const sql::Interrupt& interrupt, bool& is_interrupted) {
    column::Column texts;
    texts.reset(kRows);
    for (std::size_t row = 0; row < kRows; ++row) texts.set(row, column::Value::of_text("a"));
    sql::Evaluation evaluation;
    evaluation.interrupt = &interrupt;
    const sql::Expression upper = upper_of_first();
    const column::Frame frame{{&texts}, kRows};
    const column::Column made = sql::evaluate(upper, frame, evaluation);
    is_interrupted = evaluation.is_interrupted;
    std::size_t values = 0;
    for (std::size_t row = 0; row < kRows; ++row)
        values += made.type_at(row) == column::Type::text ? 1U : 0U;
    return values;
}

} // namespace

TEST_CASE("an expression looks whether it must end every thousand rows", "[sql]") {
    bool is_interrupted = true;
    const Counted never(false);
    CHECK(values_of(never, is_interrupted) == kRows);
    CHECK_FALSE(is_interrupted);
    CHECK(never.asked >= kRows / sql::Evaluation::kStepsAtOnce);

    const Counted at_once(true);
    CHECK(values_of(at_once, is_interrupted) < sql::Evaluation::kStepsAtOnce);
    CHECK(is_interrupted);
    CHECK(at_once.asked == 1);
}

TEST_CASE("a search that is not linear can be given up", "[sql]") {
    // Each of a million places fits for thirty thousand letters.
    const std::string text(1'000'000, 'a');
    const std::string pattern = '%' + std::string(30'000, 'a') + "_b%";
    std::size_t asked = 0;
    CHECK_FALSE(sql::matches_like(text, pattern, [&asked](std::size_t) { return ++asked < 3; }));
    CHECK(asked == 3);
}
