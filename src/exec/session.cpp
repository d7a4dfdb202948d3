#include "exec/key_table.hpp"
#include "exec/operators.hpp"

#include <holdfast/exec/evaluated.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;
using column::Type;
using column::Value;

// SESSION: rows of one key that follow each other within the gap are in one window, which ends a
// gap after the last of them. Rows come late and in any order, so all are kept and sorted.
class SessionCursor final : public Cursor {
public:
    SessionCursor(const sql::WindowPlan& window, const std::vector<const sql::Expression*>& keys,
                  std::unique_ptr<Cursor> input, Context& context)
        : window_(window),
          keys_(keys),
          input_(std::move(input)),
          context_(context),
          held_(context, "SESSION") {}

    Result<bool> next(Frame& out) override {
        if (input_) {
            HF_TRY(fill());
            std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
                if (a.key != b.key) return a.key < b.key;
                return a.ts_us != b.ts_us ? a.ts_us < b.ts_us : a.row < b.row;
            });
        }
        HF_TRY(context_.check());
        if (at_ == rows_.size()) return false;
        give(out);
        return true;
    }

private:
    struct Row {
        std::uint32_t key;
        std::uint32_t row;
        std::int64_t ts_us;
    };

    Result<void> fill() {
        std::optional<KeyTable> table;
        table.emplace(keys_.size(), context_, "SESSION");
        BatchEvaluation batch(context_);
        std::vector<Value> key(keys_.size());
        for (Frame in;;) {
            HF_TRY(const bool any, input_->next(in));
            if (!any) break;
            if (!store_)
                store_ = std::make_unique<RowStore>(in.columns.size(), context_, "SESSION");
            sql::Evaluation& evaluation = batch.begin();
            std::vector<Evaluated> keys;
            keys.reserve(keys_.size());
            for (const sql::Expression* each : keys_) keys.emplace_back(*each, in, evaluation);
            HF_TRY(batch.settle());
            HF_TRY(held_.add(2 * in.rows * sizeof(Row))); // a vector grows by half at least
            const std::uint32_t first = store_->rows();
            HF_TRY(store_->append(in));
            for (std::uint32_t row = 0; row < in.rows; ++row) {
                const Value ts = in.columns[window_.ts_slot]->at(row);
                if (ts.type() != Type::timestamp) continue; // is in no window
                for (std::size_t i = 0; i < key.size(); ++i) key[i] = keys[i].get().at(row);
                HF_TRY(const auto number, table->add(key));
                rows_.push_back({number, first + row, ts.as_int()});
            }
        }
        input_.reset();
        return ok();
    }

    // Where the session that begins at rows_[at] ends.
    std::size_t session_end(std::size_t at) const noexcept {
        const std::int64_t start_us = rows_[at].ts_us;
        std::size_t end = at + 1;
        for (; end < rows_.size() && rows_[end].key == rows_[at].key; ++end) {
            if (rows_[end].ts_us - rows_[end - 1].ts_us >= window_.size_us) break;
            if (window_.step_us != 0 && rows_[end].ts_us - start_us >= window_.step_us) break;
        }
        return end;
    }

    void give(Frame& out) {
        const std::size_t rows = std::min(kBatchRows, rows_.size() - at_);
        std::vector<std::uint32_t> picked(rows);
        std::int64_t* starts = start_.fill(Type::timestamp, rows);
        std::int64_t* ends = end_.fill(Type::timestamp, rows);
        for (std::size_t i = 0; i < rows; ++i, ++at_) {
            if (at_ == session_end_) {
                session_start_ = at_;
                session_end_ = session_end(at_);
            }
            picked[i] = rows_[at_].row;
            starts[i] = rows_[session_start_].ts_us;
            ends[i] = rows_[session_end_ - 1].ts_us + window_.size_us;
        }
        store_->gather(picked, made_);
        out.rows = rows;
        out.columns.clear();
        for (const Column& each : made_) out.columns.push_back(&each);
        out.columns.push_back(&start_);
        out.columns.push_back(&end_);
    }

    const sql::WindowPlan& window_;
    const std::vector<const sql::Expression*>& keys_;
    std::unique_ptr<Cursor> input_; // null once all was read
    Context& context_;
    HeldMemory held_;
    std::unique_ptr<RowStore> store_;
    std::vector<Row> rows_; // by key, then time
    std::size_t at_ = 0;
    std::size_t session_start_ = 0;
    std::size_t session_end_ = 0;
    std::vector<Column> made_;
    Column start_;
    Column end_;
};

class Session final : public Operator {
public:
    Session(OperatorPtr input, const sql::WindowPlan& window,
            std::vector<const sql::Expression*> keys)
        : input_(std::move(input)), window_(window), keys_(std::move(keys)) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<SessionCursor>(window_, keys_, std::move(input), context);
    }
    std::string describe() const override {
        return fmt::format("sessions with gaps below {}us", window_.size_us);
    }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
    const sql::WindowPlan& window_;
    std::vector<const sql::Expression*> keys_;
};

} // namespace

OperatorPtr make_session(OperatorPtr input, const sql::WindowPlan& window,
                         std::vector<const sql::Expression*> keys) {
    return std::make_unique<Session>(std::move(input), window, std::move(keys));
}

} // namespace holdfast::exec
