#include "query/model_calls.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace holdfast::query {
namespace {

using sql::Expression;
using sql::ExpressionKind;

bool is_predict(const Expression& e) {
    return e.kind == ExpressionKind::call && e.text == "predict" && e.function == nullptr;
}

// The inputs that were left out are the columns of their names.
Result<void> add_columns(Expression& call, const std::vector<std::string>& inputs) {
    for (const std::string& input : inputs) {
        auto path = column::Path::parse(input);
        if (!path) return sql::error_at(Errc::malformed, call.at, path.error().context);
        auto column = std::make_unique<Expression>();
        column->kind = ExpressionKind::name;
        column->at = call.at;
        column->path = std::move(path).value();
        call.args.push_back(std::move(column));
    }
    return ok();
}

} // namespace

Result<void> ModelCalls::resolve(sql::QueryStatement& query) {
    for (const sql::CteClause& cte : query.ctes) {
        HF_TRY(resolve(*cte.query));
    }
    for (sql::SelectStatement& select : query.selects) {
        HF_TRY(resolve(select));
    }
    for (const sql::OrderTerm& term : query.order) {
        HF_TRY(resolve(term.expression));
    }
    return ok();
}

Result<void> ModelCalls::resolve(sql::SelectStatement& select) {
    for (const sql::SelectItem& item : select.items) {
        HF_TRY(resolve(item.expression));
    }
    if (select.source) {
        HF_TRY(resolve(*select.source));
    }
    for (sql::JoinClause& join : select.joins) {
        HF_TRY(resolve(join.source));
        HF_TRY(resolve(join.on));
    }
    for (const sql::ExpressionPtr& key : select.group_by) {
        HF_TRY(resolve(key));
    }
    for (const sql::ExpressionPtr* each : {&select.where, &select.having, &select.qualify}) {
        HF_TRY(resolve(*each));
    }
    return ok();
}

Result<void> ModelCalls::resolve(sql::RelationRef& relation) {
    HF_TRY(resolve(relation.unnest));
    return relation.query ? resolve(*relation.query) : ok();
}

Result<void> ModelCalls::resolve(const sql::ExpressionPtr& expression) {
    if (!expression) return ok();
    std::optional<Error> wrong; // of the first that is
    sql::walk(*expression, [&](Expression& e) {
        if (wrong || !is_predict(e)) return;
        if (auto done = resolve_call(e); !done) wrong = std::move(done).error();
    });
    if (wrong) return *wrong;
    return ok();
}

Result<void> ModelCalls::resolve_call(Expression& call) {
    if (call.over || call.filter || call.is_distinct || call.is_star || call.args.empty())
        return sql::error_at(Errc::malformed, call.at, "predict('model', inputs...) is expected");
    const Expression& name = *call.args[0];
    if (name.kind != ExpressionKind::literal || name.literal.type() != column::Type::text)
        return sql::error_at(Errc::malformed, name.at,
                             "predict() takes the name of a model, as a constant text");
    HF_TRY(const Bound* bound, bind(name.text, call.at));
    const std::vector<std::string>& inputs = bound->predictor->inputs();
    if (call.args.size() == 1) {
        HF_TRY(add_columns(call, inputs));
    }
    if (call.args.size() != 1 + inputs.size())
        return sql::error_at(Errc::malformed, call.at,
                             fmt::format("predict('{}') takes {}: {}", name.text, inputs.size(),
                                         fmt::join(inputs, ", ")));
    call.args.erase(call.args.begin());
    call.function = &bound->function;
    return ok();
}

Result<const ModelCalls::Bound*> ModelCalls::bind(const std::string& name, sql::Position at) {
    if (!predictor_of_)
        return sql::error_at(Errc::not_supported, at, "predict() is not served here");
    const auto known = bound_.find(name);
    if (known != bound_.end()) return &known->second;
    auto predictor = predictor_of_(name);
    if (!predictor) return sql::error_at(predictor.error().code, at, predictor.error().context);
    Bound& bound = bound_[name];
    bound.predictor = std::move(predictor).value();
    const std::size_t inputs = bound.predictor->inputs().size();
    bound.function = {"predict", inputs, inputs, true, nullptr, bound.predictor.get()};
    return &bound;
}

} // namespace holdfast::query
