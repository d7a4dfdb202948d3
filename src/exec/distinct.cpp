#include "exec/key_table.hpp"
#include "exec/operators.hpp"

#include <optional>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;
using column::Value;

// Streams: a row is given on as soon as it is seen to be new.
class DistinctCursor final : public Cursor {
public:
    DistinctCursor(std::unique_ptr<Cursor> input, Context& context)
        : input_(std::move(input)), context_(context) {}

    Result<bool> next(Frame& out) override {
        HF_TRY(const bool any, input_->next(out));
        if (!any) return false;
        if (!seen_) seen_.emplace(out.columns.size(), context_, "DISTINCT");
        std::vector<std::uint32_t> rows;
        std::vector<Value> key(out.columns.size());
        for (std::size_t row = 0; row < out.rows; ++row) {
            for (std::size_t i = 0; i < key.size(); ++i) key[i] = out.columns[i]->at(row);
            const std::uint32_t before = seen_->size();
            HF_TRY(const auto number, seen_->add(key));
            if (number == before) rows.push_back(static_cast<std::uint32_t>(row));
        }
        kept_.clear();
        for (const Column* each : out.columns) kept_.push_back(each->gather(rows));
        out.rows = rows.size();
        for (std::size_t i = 0; i < kept_.size(); ++i) out.columns[i] = &kept_[i];
        return true;
    }

private:
    std::unique_ptr<Cursor> input_;
    Context& context_;
    std::optional<KeyTable> seen_;
    std::vector<Column> kept_;
};

class Distinct final : public Operator {
public:
    explicit Distinct(OperatorPtr input) : input_(std::move(input)) {}
    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<DistinctCursor>(std::move(input), context);
    }
    std::string describe() const override { return "distinct"; }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
};

} // namespace

OperatorPtr make_distinct(OperatorPtr input) {
    return std::make_unique<Distinct>(std::move(input));
}

} // namespace holdfast::exec
