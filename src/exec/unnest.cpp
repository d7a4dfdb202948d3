#include "exec/operators.hpp"

#include <holdfast/column/json_path.hpp>
#include <holdfast/exec/evaluated.hpp>
#include <holdfast/sql/expression_text.hpp>

#include <optional>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;
using column::Type;
using column::Value;

class UnnestCursor final : public Cursor {
public:
    UnnestCursor(const sql::SourcePlan& source, std::unique_ptr<Cursor> input, Context& context)
        : source_(source),
          input_(std::move(input)),
          context_(context),
          list_evaluation_(context),
          on_evaluation_(context),
          evaluation_(context) {}

    Result<bool> next(Frame& out) override {
        HF_TRY(context_.check());
        while (row_ == in_.rows) {
            HF_TRY(const bool any, input_->next(in_));
            if (!any) return false;
            lists_.emplace(*source_.unnest, in_, list_evaluation_.begin());
            HF_TRY(list_evaluation_.settle());
            row_ = 0;
            elements_.reset();
        }
        HF_TRY(fill(out));
        return true;
    }

private:
    struct Element {
        std::uint32_t row;
        std::int64_t position; // -1: the row has none, and its join is a LEFT one
        std::string_view json;
    };

    // One element after the other until the batch is full or the input batch is done. ON is tested
    // per row, so that a LEFT JOIN knows whether an element was left.
    Result<void> fill(Frame& out) {
        std::vector<Element> batch;
        while (row_ < in_.rows && batch.size() < kBatchRows) {
            if (!elements_) {
                const Value list = lists_->get().at(row_);
                if (!list.is_null() && list.type() != Type::text) ++context_.mismatches;
                elements_.emplace(list.type() == Type::text ? list.as_text() : std::string_view());
                position_ = 0;
                any_ = false;
            }
            Element element{static_cast<std::uint32_t>(row_), position_, {}};
            if (elements_->next(element.json)) {
                ++position_;
                HF_TRY(const bool is_kept, holds(element));
                if (!is_kept) continue;
                any_ = true;
                batch.push_back(element);
                continue;
            }
            if (!any_ && source_.join == sql::JoinKind::left) {
                element.position = -1;
                batch.push_back(element);
            }
            elements_.reset();
            ++row_;
        }
        give(batch, out, evaluation_.begin().arena);
        return evaluation_.settle();
    }
    Result<bool> holds(const Element& element) {
        if (!source_.on) return true;
        Frame one;
        sql::Evaluation& evaluation = on_evaluation_.begin();
        give({element}, one, evaluation.arena);
        const bool holds = !sql::rows_where(*source_.on, one, evaluation).empty();
        HF_TRY(on_evaluation_.settle());
        return holds;
    }

    void give(const std::vector<Element>& batch, Frame& out, column::TextArena& arena) {
        std::vector<std::uint32_t> rows;
        for (const Element& each : batch) rows.push_back(each.row);
        kept_.clear();
        for (const Column* each : in_.columns) kept_.push_back(each->gather(rows));
        made_.resize(source_.members.size());
        for (std::size_t c = 0; c < made_.size(); ++c) {
            made_[c].reset(batch.size());
            for (std::size_t i = 0; i < batch.size(); ++i)
                made_[c].set(i, cell(batch[i], c, arena));
        }
        out.rows = batch.size();
        out.columns.clear();
        for (const Column& each : kept_) out.columns.push_back(&each);
        for (const Column& each : made_) out.columns.push_back(&each);
    }
    Value cell(const Element& element, std::size_t member, column::TextArena& arena) {
        if (element.position < 0) return {};
        const auto& path = source_.members[member];
        return path ? column::json_at(element.json, *path, arena) : Value::of_int(element.position);
    }

    const sql::SourcePlan& source_;
    std::unique_ptr<Cursor> input_;
    Context& context_;
    BatchEvaluation list_evaluation_; // its text lasts as long as the input batch
    BatchEvaluation on_evaluation_;   // of one element
    BatchEvaluation evaluation_;
    Frame in_;
    std::optional<Evaluated> lists_;
    std::size_t row_ = 0;
    std::optional<column::JsonElements> elements_; // of row_
    std::int64_t position_ = 0;
    bool any_ = false;
    std::vector<Column> kept_;
    std::vector<Column> made_;
};

class Unnest final : public Operator {
public:
    Unnest(OperatorPtr input, const sql::SourcePlan& source)
        : input_(std::move(input)), source_(source) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<UnnestCursor>(source_, std::move(input), context);
    }
    std::string describe() const override { return "unnest " + sql::to_text(*source_.unnest); }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
    const sql::SourcePlan& source_;
};

} // namespace

OperatorPtr make_unnest(OperatorPtr input, const sql::SourcePlan& source) {
    return std::make_unique<Unnest>(std::move(input), source);
}

} // namespace holdfast::exec
