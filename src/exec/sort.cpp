#include "exec/operators.hpp"
#include "exec/row_store.hpp"
#include "exec/value_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;

class SortCursor final : public Cursor {
public:
    SortCursor(const std::vector<sql::SortKey>& keys, std::optional<std::uint64_t> first,
               std::unique_ptr<Cursor> input, Context& context)
        : keys_(keys),
          first_(first),
          input_(std::move(input)),
          context_(context),
          held_(context, "ORDER BY") {}

    Result<bool> next(Frame& out) override {
        if (input_) {
            HF_TRY(fill());
        }
        HF_TRY(context_.check());
        if (next_ == order_.size()) return false;
        out.rows = std::min<std::size_t>(kBatchRows, order_.size() - next_);
        store_->gather(std::span(order_).subspan(next_, out.rows), made_);
        next_ += out.rows;
        out.columns.clear();
        for (const Column& each : made_) out.columns.push_back(&each);
        return true;
    }

private:
    Result<void> fill() {
        for (Frame in;;) {
            HF_TRY(const bool any, input_->next(in));
            if (!any) break;
            if (!store_)
                store_ = std::make_unique<RowStore>(in.columns.size(), context_, "ORDER BY");
            HF_TRY(store_->append(in));
            // the rows that are wanted, four times over, are sorted and the rest let go
            if (first_ && store_->rows() > 4 * *first_ + 4 * kBatchRows) {
                HF_TRY(keep_first());
            }
        }
        input_.reset();
        return sort();
    }
    Result<void> sort() {
        const std::uint32_t rows = store_ ? store_->rows() : 0;
        HF_TRY(held_.hold(std::size_t{rows} * sizeof(std::uint32_t)));
        order_.resize(rows);
        std::iota(order_.begin(), order_.end(), 0U);
        const auto before = [this](std::uint32_t a, std::uint32_t b) {
            for (const sql::SortKey& key : keys_) {
                const int order = order_of(store_->at(a, key.column), store_->at(b, key.column),
                                           key.is_descending, key.nulls_first);
                if (order != 0) return order < 0;
            }
            return a < b; // rows that are equal stay in the order in which they came
        };
        if (first_ && *first_ < rows) {
            std::partial_sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(*first_),
                              order_.end(), before);
            order_.resize(*first_);
        } else {
            std::sort(order_.begin(), order_.end(), before);
        }
        return ok();
    }
    Result<void> keep_first() {
        HF_TRY(sort());
        // positions in the store break ties, so what stays is kept in the order in which it came
        std::sort(order_.begin(), order_.end());
        std::unique_ptr<RowStore> kept;
        for (std::size_t at = 0; at < order_.size(); at += kBatchRows) {
            const std::size_t rows = std::min(kBatchRows, order_.size() - at);
            store_->gather(std::span(order_).subspan(at, rows), made_);
            Frame frame{{}, rows};
            for (const Column& each : made_) frame.columns.push_back(&each);
            if (!kept) kept = std::make_unique<RowStore>(made_.size(), context_, "ORDER BY");
            HF_TRY(kept->append(frame));
        }
        if (!kept) kept = std::make_unique<RowStore>(made_.size(), context_, "ORDER BY");
        store_ = std::move(kept);
        return ok();
    }

    const std::vector<sql::SortKey>& keys_;
    std::optional<std::uint64_t> first_;
    std::unique_ptr<Cursor> input_; // null once all was read
    Context& context_;
    HeldMemory held_;
    std::unique_ptr<RowStore> store_;
    std::vector<std::uint32_t> order_;
    std::vector<Column> made_;
    std::size_t next_ = 0;
};

class Sort final : public Operator {
public:
    Sort(OperatorPtr input, std::vector<sql::SortKey> keys, std::optional<std::uint64_t> first)
        : input_(std::move(input)), keys_(std::move(keys)), first_(first) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<SortCursor>(keys_, first_, std::move(input), context);
    }
    std::string describe() const override {
        std::string line = first_ ? fmt::format("first {} by column", *first_) : "sort by column";
        for (const sql::SortKey& key : keys_)
            line += fmt::format("{} {}{}", &key == &keys_.front() ? "" : ",", key.column + 1,
                                key.is_descending ? " DESC" : "");
        return line;
    }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
    std::vector<sql::SortKey> keys_;
    std::optional<std::uint64_t> first_;
};

} // namespace

OperatorPtr make_sort(OperatorPtr input, std::vector<sql::SortKey> keys,
                      std::optional<std::uint64_t> first) {
    return std::make_unique<Sort>(std::move(input), std::move(keys), first);
}

} // namespace holdfast::exec
