// Invariant: any text is refused or planned, within bounded stack and memory; a planned rule's own
// text plans again, and its expressions evaluate over NULLs.
#include <holdfast/sql/rule_plan.hpp>

#include <cstdlib>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    const auto plan = sql::plan_rule({reinterpret_cast<const char*>(data), size});
    if (!plan) return 0;
    if (!sql::plan_rule(plan.value().text)) std::abort();
    if (plan.value().select.is_grouped) return 0;
    std::vector<column::Column> columns(plan.value().fields().size());
    column::Frame frame{{}, 2};
    for (auto& column : columns) {
        column.reset(2);
        frame.columns.push_back(&column);
    }
    sql::Evaluation evaluation;
    for (const auto& item : plan.value().select.items)
        if (sql::evaluate(*item, frame, evaluation).rows() != 2) std::abort();
    return 0;
}
