#include "exec/operators.hpp"
#include "exec/row_store.hpp"
#include "exec/window_call.hpp"

#include <holdfast/exec/evaluated.hpp>
#include <holdfast/sql/expression_text.hpp>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;

// Keeps all of the input, computes call after call, then gives rows in the order in which they
// came.
class WindowCursor final : public Cursor {
public:
    WindowCursor(const std::vector<sql::WindowCall>& calls, std::unique_ptr<Cursor> input,
                 Context& context)
        : calls_(calls), input_(std::move(input)), context_(context) {}

    Result<bool> next(Frame& out) override {
        if (input_) {
            HF_TRY(fill());
        }
        HF_TRY(context_.check());
        if (!rows_ || !rows_->batch(batch_, out)) return false;
        for (const auto& result : results_) out.columns.push_back(&result->batch(batch_));
        ++batch_;
        return true;
    }

private:
    Result<void> fill() {
        for (Frame in;;) {
            HF_TRY(const bool any, input_->next(in));
            if (!any) break;
            if (!rows_)
                rows_ =
                    std::make_unique<RowStore>(in.columns.size(), context_, "a window function");
            HF_TRY(rows_->append(in));
        }
        input_.reset();
        if (!rows_) return ok();
        for (const auto& call : calls_) {
            results_.push_back(std::make_unique<WindowResult>(context_));
            HF_TRY(compute(call, *rows_, context_, *results_.back()));
        }
        return ok();
    }

    const std::vector<sql::WindowCall>& calls_;
    std::unique_ptr<Cursor> input_; // null once all was read
    Context& context_;
    std::unique_ptr<RowStore> rows_;
    std::vector<std::unique_ptr<WindowResult>> results_; // by call
    std::size_t batch_ = 0;
};

class Window final : public Operator {
public:
    Window(OperatorPtr input, const std::vector<sql::WindowCall>& calls)
        : input_(std::move(input)), calls_(calls) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<WindowCursor>(calls_, std::move(input), context);
    }
    std::string describe() const override {
        std::string line = "window functions";
        for (const auto& call : calls_)
            line += (&call == &calls_.front() ? " " : ", ") + sql::to_text(call);
        return line;
    }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
    const std::vector<sql::WindowCall>& calls_;
};

} // namespace

OperatorPtr make_window(OperatorPtr input, const std::vector<sql::WindowCall>& calls) {
    if (calls.empty()) return input;
    return std::make_unique<Window>(std::move(input), calls);
}

} // namespace holdfast::exec
