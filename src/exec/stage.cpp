#include <holdfast/exec/stage.hpp>

#include "exec/operators.hpp"

#include <cassert>
#include <numeric>
#include <utility>

namespace holdfast::exec {

// Gives the frame that was put there, over and over; it never ends.
class Stage::Feed final : public Operator {
public:
    explicit Feed(const column::Frame& frame) : frame_(frame) {}

    Result<std::unique_ptr<Cursor>> start(Context&) const override {
        return std::make_unique<FeedCursor>(frame_);
    }
    std::string describe() const override { return "pushed batches"; }
    std::vector<const Operator*> inputs() const override { return {}; }

private:
    class FeedCursor final : public Cursor {
    public:
        explicit FeedCursor(const column::Frame& frame) : frame_(frame) {}
        Result<bool> next(column::Frame& out) override {
            out = frame_;
            return true;
        }

    private:
        const column::Frame& frame_;
    };
    const column::Frame& frame_;
};

Stage::Stage(std::vector<const sql::Expression*> conditions,
             std::vector<const sql::Expression*> items, std::size_t width, Context& context)
    : width_(width), filters_(!conditions.empty()), context_(context) {
    number_.kind = sql::ExpressionKind::slot;
    number_.slot = width;
    root_ = make_filter(std::make_unique<Feed>(in_), std::move(conditions));
    if (items.empty()) return;
    if (filters_) items.push_back(&number_);
    root_ = make_project(std::move(root_), std::move(items));
}

Stage::~Stage() = default;

Result<const Stage::Rows*> Stage::run(const column::Frame& in) {
    assert(in.columns.size() == width_);
    HF_TRY(context_.check());
    if (!cursor_) {
        HF_TRY(cursor_, root_->open(context_));
    }
    in_ = in;
    if (filters_) {
        std::int64_t* numbers = numbers_in_.fill(column::Type::int64, in.rows);
        std::iota(numbers, numbers + in.rows, std::int64_t{0});
        in_.columns.push_back(&numbers_in_);
    }
    HF_TRY([[maybe_unused]] const bool any, cursor_->next(out_.frame));
    number_rows();
    return &out_;
}

void Stage::number_rows() {
    out_.numbers.resize(out_.frame.rows);
    if (!filters_) {
        std::iota(out_.numbers.begin(), out_.numbers.end(), 0U);
        return;
    }
    const std::int64_t* numbers = out_.frame.columns.back()->words();
    for (std::size_t i = 0; i < out_.numbers.size(); ++i)
        out_.numbers[i] = static_cast<std::uint32_t>(numbers[i]);
    out_.frame.columns.pop_back();
}

} // namespace holdfast::exec
