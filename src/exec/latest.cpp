#include "exec/key_table.hpp"
#include "exec/operators.hpp"

#include <numeric>
#include <optional>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;
using column::Value;

constexpr std::size_t kKey = 0;
constexpr std::size_t kTime = 1;

class LatestCursor final : public Cursor {
public:
    LatestCursor(std::unique_ptr<Cursor> input, Context& context)
        : input_(std::move(input)),
          context_(context),
          keys_(1, context, "TABLE"),
          held_(context, "TABLE") {}

    Result<bool> next(Frame& out) override {
        if (input_) {
            HF_TRY(fill());
        }
        HF_TRY(context_.check());
        if (at_ == rows_.size()) return false;
        out.rows = std::min(kBatchRows, rows_.size() - at_);
        store_->gather(std::span(rows_).subspan(at_, out.rows), made_);
        at_ += out.rows;
        out.columns.clear();
        for (const Column& each : made_) out.columns.push_back(&each);
        return true;
    }

private:
    Result<void> fill() {
        for (Frame in;;) {
            HF_TRY(const bool any, input_->next(in));
            if (!any) break;
            if (!store_) {
                width_ = in.columns.size();
                store_ = std::make_unique<RowStore>(width_, context_, "TABLE");
            }
            HF_TRY(add(in));
            // what was replaced is let go once it is most of what is kept
            if (store_->rows() > 2 * rows_.size() + 4 * kBatchRows) {
                HF_TRY(compact());
            }
        }
        input_.reset();
        return ok();
    }
    Result<void> add(const Frame& in) {
        std::vector<Value> row(width_);
        for (std::size_t i = 0; i < in.rows; ++i) {
            for (std::size_t c = 0; c < width_; ++c) row[c] = in.columns[c]->at(i);
            if (row[kKey].is_null()) continue;
            HF_TRY(const auto number, keys_.add(std::span(row).first(1)));
            if (number == rows_.size()) {
                HF_TRY(held_.add(2 * sizeof(std::uint32_t)));
                rows_.push_back(RowStore::kNoRow);
            } else if (store_->at(rows_[number], kTime).as_int() > row[kTime].as_int()) {
                continue; // partitions are read one after the other: an older one comes later
            }
            rows_[number] = store_->rows();
            HF_TRY(store_->append(row));
        }
        return ok();
    }
    Result<void> compact() {
        auto kept = std::make_unique<RowStore>(width_, context_, "TABLE");
        for (std::size_t at = 0; at < rows_.size(); at += kBatchRows) {
            const std::size_t count = std::min(kBatchRows, rows_.size() - at);
            store_->gather(std::span(rows_).subspan(at, count), made_);
            Frame frame{{}, count};
            for (const Column& each : made_) frame.columns.push_back(&each);
            HF_TRY(kept->append(frame));
        }
        std::iota(rows_.begin(), rows_.end(), 0U);
        store_ = std::move(kept);
        return ok();
    }

    std::unique_ptr<Cursor> input_; // null once all was read
    Context& context_;
    KeyTable keys_;
    HeldMemory held_;
    std::size_t width_ = 0;
    std::unique_ptr<RowStore> store_;
    std::vector<std::uint32_t> rows_; // of each key: where its last row is in the store
    std::vector<Column> made_;
    std::size_t at_ = 0;
};

class Latest final : public Operator {
public:
    explicit Latest(OperatorPtr input) : input_(std::move(input)) {}
    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<LatestCursor>(std::move(input), context);
    }
    std::string describe() const override { return "latest per key"; }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
};

} // namespace

OperatorPtr make_latest(OperatorPtr input) {
    return std::make_unique<Latest>(std::move(input));
}

} // namespace holdfast::exec
