#include "exec/operators.hpp"

namespace holdfast::exec {
namespace {

class UnionCursor final : public Cursor {
public:
    UnionCursor(const std::vector<OperatorPtr>& inputs, Context& context)
        : inputs_(inputs), context_(context) {}

    // Each input is opened when those before it are done, so only one holds memory.
    Result<bool> next(column::Frame& out) override {
        for (;;) {
            if (!cursor_) {
                if (next_ == inputs_.size()) return false;
                HF_TRY(cursor_, inputs_[next_++]->open(context_));
            }
            HF_TRY(const bool any, cursor_->next(out));
            if (any) return true;
            cursor_.reset();
        }
    }

private:
    const std::vector<OperatorPtr>& inputs_;
    Context& context_;
    std::unique_ptr<Cursor> cursor_;
    std::size_t next_ = 0;
};

class Union final : public Operator {
public:
    explicit Union(std::vector<OperatorPtr> inputs) : inputs_(std::move(inputs)) {}
    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        return std::make_unique<UnionCursor>(inputs_, context);
    }
    std::string describe() const override { return "union all"; }
    std::vector<const Operator*> inputs() const override {
        std::vector<const Operator*> out;
        for (const auto& each : inputs_) out.push_back(each.get());
        return out;
    }

private:
    std::vector<OperatorPtr> inputs_;
};

} // namespace

OperatorPtr make_union(std::vector<OperatorPtr> inputs) {
    if (inputs.size() == 1) return std::move(inputs.front());
    return std::make_unique<Union>(std::move(inputs));
}

} // namespace holdfast::exec
