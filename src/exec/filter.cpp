#include "exec/operators.hpp"

#include <holdfast/exec/evaluated.hpp>
#include <holdfast/sql/expression_text.hpp>

namespace holdfast::exec {
namespace {

class FilterCursor final : public Cursor {
public:
    FilterCursor(const std::vector<const sql::Expression*>& all, std::unique_ptr<Cursor> input,
                 Context& context)
        : all_(all), input_(std::move(input)), evaluation_(context) {}

    // Condition by condition, so that the second is not asked about rows that the first rejects.
    Result<bool> next(column::Frame& out) override {
        HF_TRY(const bool any, input_->next(out));
        if (!any) return false;
        sql::Evaluation& evaluation = evaluation_.begin();
        for (const sql::Expression* condition : all_) {
            if (out.rows == 0) break;
            const auto rows = sql::rows_where(*condition, out, evaluation);
            HF_TRY(evaluation_.settle());
            if (rows.size() == out.rows) continue;
            std::vector<column::Column> kept;
            kept.reserve(out.columns.size());
            for (const column::Column* each : out.columns) kept.push_back(each->gather(rows));
            kept_ = std::move(kept);
            out.rows = rows.size();
            for (std::size_t i = 0; i < kept_.size(); ++i) out.columns[i] = &kept_[i];
        }
        return true;
    }

private:
    const std::vector<const sql::Expression*>& all_;
    std::unique_ptr<Cursor> input_;
    BatchEvaluation evaluation_;
    std::vector<column::Column> kept_;
};

class Filter final : public Operator {
public:
    Filter(OperatorPtr input, std::vector<const sql::Expression*> all)
        : input_(std::move(input)), all_(std::move(all)) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<FilterCursor>(all_, std::move(input), context);
    }
    std::string describe() const override {
        std::string line = "filter";
        for (const sql::Expression* each : all_)
            line += (each == all_.front() ? " " : " AND ") + sql::to_text(*each);
        return line;
    }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
    std::vector<const sql::Expression*> all_;
};

} // namespace

OperatorPtr make_filter(OperatorPtr input, std::vector<const sql::Expression*> all) {
    if (all.empty()) return input;
    return std::make_unique<Filter>(std::move(input), std::move(all));
}

} // namespace holdfast::exec
