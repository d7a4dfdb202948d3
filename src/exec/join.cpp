#include "exec/key_table.hpp"
#include "exec/operators.hpp"
#include "exec/same_cells.hpp"

#include <holdfast/exec/evaluated.hpp>
#include <holdfast/sql/expression_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;
using column::Value;

// The right side, by its keys. NULL equals nothing, so rows with a NULL key are not kept.
class BuiltSide {
public:
    BuiltSide(const sql::SourcePlan& source, Context& context)
        : source_(source),
          rows_(source.width(), context, "a join's right side"),
          keys_(source.equal.size(), context, "a join's right side"),
          held_(context, "a join's right side") {}

    Result<void> fill(Cursor& input, Context& context) {
        BatchEvaluation batch(context);
        std::vector<std::uint32_t> last; // of each key's rows
        std::vector<Value> key(source_.equal.size());
        for (Frame in;;) {
            HF_TRY(const bool any, input.next(in));
            if (!any) break;
            sql::Evaluation& evaluation = batch.begin();
            std::vector<Evaluated> keys;
            keys.reserve(source_.equal.size());
            for (const auto& [left, right] : source_.equal)
                keys.emplace_back(*right, in, evaluation);
            HF_TRY(batch.settle());
            HF_TRY(held_.add(3 * in.rows * sizeof(std::uint32_t)));
            const std::uint32_t first = rows_.rows();
            HF_TRY(rows_.append(in));
            next_.resize(rows_.rows(), RowStore::kNoRow);
            for (std::size_t row = 0; row < in.rows; ++row) {
                bool has_null = false;
                for (std::size_t i = 0; i < key.size(); ++i) {
                    key[i] = keys[i].get().at(row);
                    has_null = has_null || key[i].is_null();
                }
                if (has_null) continue;
                HF_TRY(const auto number, keys_.add(key));
                const auto at = static_cast<std::uint32_t>(first + row);
                if (number == first_.size()) {
                    first_.push_back(at);
                    last.push_back(at);
                } else {
                    next_[last[number]] = at;
                    last[number] = at;
                }
            }
        }
        return ok();
    }

    // The first row of a key, then the others; kNoRow behind the last.
    [[nodiscard]] std::uint32_t first(std::span<const Value> key) const noexcept {
        for (const Value& each : key)
            if (each.is_null()) return RowStore::kNoRow;
        const std::uint32_t number = keys_.find(key);
        return number == KeyTable::kNone ? RowStore::kNoRow : first_[number];
    }
    [[nodiscard]] std::uint32_t after(std::uint32_t row) const noexcept { return next_[row]; }
    [[nodiscard]] const RowStore& rows() const noexcept { return rows_; }

private:
    const sql::SourcePlan& source_;
    RowStore rows_;
    KeyTable keys_;
    HeldMemory held_;
    std::vector<std::uint32_t> first_; // by key
    std::vector<std::uint32_t> next_;  // by row
};

class JoinCursor final : public Cursor {
public:
    JoinCursor(const sql::SourcePlan& source, std::unique_ptr<Cursor> left,
               std::unique_ptr<Cursor> right, Context& context)
        : source_(source),
          left_(std::move(left)),
          right_(std::move(right)),
          context_(context),
          built_(source, context),
          evaluation_(context),
          pair_evaluation_(context) {}

    Result<bool> next(Frame& out) override {
        if (right_) {
            HF_TRY(built_.fill(*right_, context_));
            right_.reset();
        }
        for (;;) {
            HF_TRY(context_.check());
            if (!has_left_) {
                HF_TRY(const bool any, next_left());
                if (!any) return false;
            }
            HF_TRY(const bool is_ready, fill(out));
            if (is_ready) return true;
        }
    }

private:
    Result<bool> next_left() {
        HF_TRY(const bool any, left_->next(in_));
        if (!any) return false;
        has_left_ = true;
        sql::Evaluation& evaluation = evaluation_.begin();
        keys_.clear();
        keys_.reserve(source_.equal.size());
        for (const auto& [left, right] : source_.equal) keys_.emplace_back(*left, in_, evaluation);
        HF_TRY(evaluation_.settle());
        matched_.assign(in_.rows, false);
        row_ = 0;
        match_.reset();
        return true;
    }

    // Pairs of the left batch, up to a batch of them; behind the last pair what found none. False
    // where there is nothing to give.
    Result<bool> fill(Frame& out) {
        left_rows_.clear();
        right_rows_.clear();
        std::vector<Value> key(keys_.size());
        for (; row_ < in_.rows && left_rows_.size() < kBatchRows;) {
            if (!match_) {
                if (!has_keys_of_row_before()) {
                    for (std::size_t i = 0; i < key.size(); ++i) key[i] = keys_[i].get().at(row_);
                    first_match_ = built_.first(key);
                }
                match_ = first_match_;
            }
            if (*match_ == RowStore::kNoRow) {
                match_.reset();
                ++row_;
                continue;
            }
            left_rows_.push_back(row_);
            right_rows_.push_back(*match_);
            match_ = built_.after(*match_);
        }
        if (!left_rows_.empty()) {
            HF_TRY(test_pairs());
            if (source_.join == sql::JoinKind::anti || left_rows_.empty()) return false;
            give(out);
            return true;
        }
        has_left_ = false;
        if (source_.join == sql::JoinKind::inner) return false;
        for (std::uint32_t row = 0; row < in_.rows; ++row) {
            if (matched_[row]) continue;
            left_rows_.push_back(row);
            right_rows_.push_back(RowStore::kNoRow);
        }
        if (left_rows_.empty()) return false;
        give(out);
        return true;
    }

    bool has_keys_of_row_before() const noexcept {
        return row_ > 0 && std::ranges::all_of(keys_, [this](const Evaluated& each) {
                   return looks_the_same(each.get(), row_ - 1, row_);
               });
    }

    // Leaves the pairs for which the rest of ON holds.
    Result<void> test_pairs() {
        if (source_.on) {
            Frame pairs;
            give(pairs);
            const auto rows = sql::rows_where(*source_.on, pairs, pair_evaluation_.begin());
            HF_TRY(pair_evaluation_.settle());
            std::vector<std::uint32_t> left;
            std::vector<std::uint32_t> right;
            for (const std::uint32_t row : rows) {
                left.push_back(left_rows_[row]);
                right.push_back(right_rows_[row]);
            }
            left_rows_ = std::move(left);
            right_rows_ = std::move(right);
        }
        for (const std::uint32_t row : left_rows_) matched_[row] = true;
        return ok();
    }

    void give(Frame& out) {
        kept_.clear();
        for (const Column* each : in_.columns) kept_.push_back(each->gather(left_rows_));
        built_.rows().gather(right_rows_, made_);
        out.rows = left_rows_.size();
        out.columns.clear();
        for (const Column& each : kept_) out.columns.push_back(&each);
        for (const Column& each : made_) out.columns.push_back(&each);
    }

    const sql::SourcePlan& source_;
    std::unique_ptr<Cursor> left_;
    std::unique_ptr<Cursor> right_; // null once it is built
    Context& context_;
    BuiltSide built_;
    BatchEvaluation evaluation_;      // of keys: as long as the left batch
    BatchEvaluation pair_evaluation_; // of ON: as long as one batch of pairs
    Frame in_;                        // the left batch
    bool has_left_ = false;
    std::vector<Evaluated> keys_;
    std::vector<bool> matched_;
    std::uint32_t row_ = 0;
    std::optional<std::uint32_t> match_; // the next right row of row_; none: not looked up yet
    std::uint32_t first_match_ = RowStore::kNoRow; // of the row before
    std::vector<std::uint32_t> left_rows_;
    std::vector<std::uint32_t> right_rows_;
    std::vector<Column> kept_;
    std::vector<Column> made_;
};

class Join final : public Operator {
public:
    Join(OperatorPtr left, OperatorPtr right, const sql::SourcePlan& source)
        : left_(std::move(left)), right_(std::move(right)), source_(source) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto left, left_->open(context));
        HF_TRY(auto right, right_->open(context));
        return std::make_unique<JoinCursor>(source_, std::move(left), std::move(right), context);
    }
    std::string describe() const override {
        constexpr const char* kNames[] = {"join", "left join", "anti join"};
        std::string line = kNames[static_cast<std::size_t>(source_.join)];
        for (const auto& pair : source_.equal)
            line += fmt::format("{}{} = {}", &pair == &source_.equal.front() ? " on " : ", ",
                                sql::to_text(*pair.first), sql::to_text(*pair.second));
        if (source_.on) line += ", where " + sql::to_text(*source_.on);
        return line;
    }
    std::vector<const Operator*> inputs() const override { return {left_.get(), right_.get()}; }

private:
    OperatorPtr left_;
    OperatorPtr right_;
    const sql::SourcePlan& source_;
};

} // namespace

OperatorPtr make_join(OperatorPtr left, OperatorPtr right, const sql::SourcePlan& source) {
    return std::make_unique<Join>(std::move(left), std::move(right), source);
}

} // namespace holdfast::exec
