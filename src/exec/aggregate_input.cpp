#include <holdfast/exec/aggregate_input.hpp>

#include <algorithm>
#include <cassert>

namespace holdfast::exec {

AggregateInput::AggregateInput(const std::vector<sql::AggregateCall>& calls)
    : calls_(calls), inputs_(calls.size()) {
    std::size_t most = 0;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const sql::AggregateCall& call = calls[i];
        inputs_[i].kind = call.kind;
        inputs_[i].is_plain = call.kind <= sql::kLastStoredAggregate && !call.filter;
        most = std::max(most, call.args.size());
    }
    values_.resize(most);
}

const column::Column* AggregateInput::column_of(const sql::Expression& expression,
                                                const column::Frame& in,
                                                sql::Evaluation& evaluation) {
    if (expression.kind == sql::ExpressionKind::slot) return in.columns[expression.slot];
    return &made_.emplace_back(sql::evaluate(expression, in, evaluation));
}

void AggregateInput::begin(const column::Frame& in, sql::Evaluation& evaluation) {
    made_.clear();
    for (std::size_t i = 0; i < calls_.size(); ++i) {
        Input& input = inputs_[i];
        input.args.clear();
        for (const auto& arg : calls_[i].args)
            input.args.push_back(column_of(*arg, in, evaluation));
        input.first = input.args.empty() ? nullptr : input.args.front();
        input.filter = calls_[i].filter ? column_of(*calls_[i].filter, in, evaluation) : nullptr;
    }
}

void AggregateInput::add(std::size_t row, std::span<sql::AggregateState> group,
                         std::uint64_t& mismatches) {
    assert(group.size() == calls_.size());
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        const Input& input = inputs_[i];
        if (input.is_plain) {
            const column::Value value =
                input.first == nullptr ? column::Value() : input.first->at(row);
            group[i].add(input.kind, value, mismatches);
        } else if (takes(i, row)) {
            group[i].add(input.kind, args(i, row), mismatches);
        }
    }
}

} // namespace holdfast::exec
