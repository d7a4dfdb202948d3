#pragma once

#include <holdfast/query/engine.hpp>
#include <holdfast/sql/function.hpp>
#include <holdfast/sql/statement.hpp>

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace holdfast::query {

// What a statement asks of models: every predict('name', inputs...) in it becomes a call of the
// version that is in use now. What was resolved points into this, which outlives its plan.
class ModelCalls {
public:
    // Empty: predict() is not served.
    explicit ModelCalls(Engine::PredictorOf predictor_of)
        : predictor_of_(std::move(predictor_of)) {}

    // To be called before the statement is bound. malformed, with position: no name, not as many
    // inputs as the model takes; what `predictor_of` says.
    [[nodiscard]] Result<void> resolve(sql::QueryStatement& query);

private:
    struct Bound {
        std::shared_ptr<const sql::Predictor> predictor;
        sql::Function function{}; // of predict() with this model; expressions point to it
    };
    [[nodiscard]] Result<void> resolve(sql::SelectStatement& select);
    [[nodiscard]] Result<void> resolve(sql::RelationRef& relation);
    [[nodiscard]] Result<void> resolve(const sql::ExpressionPtr& expression); // null: nothing
    [[nodiscard]] Result<void> resolve_call(sql::Expression& call);
    [[nodiscard]] Result<const Bound*> bind(const std::string& name, sql::Position at);

    const Engine::PredictorOf predictor_of_;
    std::map<std::string, Bound> bound_; // by model: the same call twice is the same expression
};

} // namespace holdfast::query
