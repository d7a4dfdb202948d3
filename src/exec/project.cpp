#include "exec/operators.hpp"

#include <holdfast/exec/evaluated.hpp>
#include <holdfast/sql/expression_text.hpp>

namespace holdfast::exec {
namespace {

class ProjectCursor final : public Cursor {
public:
    ProjectCursor(const std::vector<const sql::Expression*>& items, std::unique_ptr<Cursor> input,
                  Context& context)
        : items_(items), input_(std::move(input)), evaluation_(context) {}

    Result<bool> next(column::Frame& out) override {
        column::Frame in;
        HF_TRY(const bool any, input_->next(in));
        if (!any) return false;
        sql::Evaluation& evaluation = evaluation_.begin();
        made_.clear();
        made_.reserve(items_.size()); // columns are borrowed below: they must not move
        out.rows = in.rows;
        out.columns.clear();
        for (const sql::Expression* item : items_) {
            made_.emplace_back(*item, in, evaluation);
            out.columns.push_back(&made_.back().get());
        }
        HF_TRY(evaluation_.settle());
        return true;
    }

private:
    const std::vector<const sql::Expression*>& items_;
    std::unique_ptr<Cursor> input_;
    BatchEvaluation evaluation_;
    std::vector<Evaluated> made_;
};

class Project final : public Operator {
public:
    Project(OperatorPtr input, std::vector<const sql::Expression*> items)
        : input_(std::move(input)), items_(std::move(items)) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<ProjectCursor>(items_, std::move(input), context);
    }
    std::string describe() const override {
        std::string line = "project";
        for (const sql::Expression* each : items_)
            line += (each == items_.front() ? " " : ", ") + sql::to_text(*each);
        return line;
    }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
    std::vector<const sql::Expression*> items_;
};

class PickCursor final : public Cursor {
public:
    PickCursor(const std::vector<std::size_t>& columns, std::unique_ptr<Cursor> input)
        : columns_(columns), input_(std::move(input)) {}

    Result<bool> next(column::Frame& out) override {
        column::Frame in;
        HF_TRY(const bool any, input_->next(in));
        if (!any) return false;
        out.rows = in.rows;
        out.columns.clear();
        for (const std::size_t column : columns_) out.columns.push_back(in.columns[column]);
        return true;
    }

private:
    const std::vector<std::size_t>& columns_;
    std::unique_ptr<Cursor> input_;
};

class Pick final : public Operator {
public:
    Pick(OperatorPtr input, std::vector<std::size_t> columns)
        : input_(std::move(input)), columns_(std::move(columns)) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<PickCursor>(columns_, std::move(input));
    }
    std::string describe() const override { return "pick columns"; }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
    std::vector<std::size_t> columns_;
};

} // namespace

OperatorPtr make_project(OperatorPtr input, std::vector<const sql::Expression*> items) {
    return std::make_unique<Project>(std::move(input), std::move(items));
}

OperatorPtr make_pick(OperatorPtr input, std::vector<std::size_t> columns) {
    return std::make_unique<Pick>(std::move(input), std::move(columns));
}

} // namespace holdfast::exec
