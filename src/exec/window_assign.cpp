#include "exec/operators.hpp"

#include <holdfast/sql/time_zone.hpp>

#include <fmt/format.h>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;
using column::Type;
using column::Value;

struct Assigned {
    std::uint32_t row;
    std::int64_t start_us;
    std::int64_t end_us;
};

// TUMBLE and HOP: which windows a row is in depends on its time alone. A row without a time is in
// none.
class WindowAssignCursor final : public Cursor {
public:
    WindowAssignCursor(const sql::WindowPlan& window, std::unique_ptr<Cursor> input)
        : window_(window), input_(std::move(input)) {}

    Result<bool> next(Frame& out) override {
        while (at_ == assigned_.size()) {
            HF_TRY(const bool any, input_->next(in_));
            if (!any) return false;
            assign();
        }
        give(out);
        return true;
    }

private:
    void assign() {
        assigned_.clear();
        at_ = 0;
        const Column& times = *in_.columns[window_.ts_slot];
        for (std::uint32_t row = 0; row < in_.rows; ++row) {
            const Value ts = times.at(row);
            if (ts.type() != Type::timestamp) continue;
            if (window_.kind == sql::WindowClause::Kind::tumble) {
                const auto bucket = sql::time_bucket(ts.as_int(), window_.size_us, window_.zone);
                assigned_.push_back({row, bucket.start_us, bucket.end_us});
                continue;
            }
            // the last window that has begun, then back while the row still is inside
            const auto last = sql::time_bucket(ts.as_int(), window_.step_us, {}).start_us;
            std::int64_t first = last;
            while (first - window_.step_us + window_.size_us > ts.as_int())
                first -= window_.step_us;
            for (std::int64_t start = first; start <= last; start += window_.step_us)
                if (start + window_.size_us > ts.as_int())
                    assigned_.push_back({row, start, start + window_.size_us});
        }
    }

    void give(Frame& out) {
        const std::size_t rows = std::min(kBatchRows, assigned_.size() - at_);
        std::vector<std::uint32_t> picked(rows);
        std::int64_t* starts = start_.fill(Type::timestamp, rows);
        std::int64_t* ends = end_.fill(Type::timestamp, rows);
        for (std::size_t i = 0; i < rows; ++i) {
            picked[i] = assigned_[at_ + i].row;
            starts[i] = assigned_[at_ + i].start_us;
            ends[i] = assigned_[at_ + i].end_us;
        }
        at_ += rows;
        kept_.clear();
        for (const Column* each : in_.columns) kept_.push_back(each->gather(picked));
        out.rows = rows;
        out.columns.clear();
        for (const Column& each : kept_) out.columns.push_back(&each);
        out.columns.push_back(&start_);
        out.columns.push_back(&end_);
    }

    const sql::WindowPlan& window_;
    std::unique_ptr<Cursor> input_;
    Frame in_;
    std::vector<Assigned> assigned_; // of the input batch
    std::size_t at_ = 0;             // what of it was given
    std::vector<Column> kept_;
    Column start_;
    Column end_;
};

class WindowAssign final : public Operator {
public:
    WindowAssign(OperatorPtr input, const sql::WindowPlan& window)
        : input_(std::move(input)), window_(window) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<WindowAssignCursor>(window_, std::move(input));
    }
    std::string describe() const override {
        if (window_.kind == sql::WindowClause::Kind::hop)
            return fmt::format("windows of {}us every {}us", window_.size_us, window_.step_us);
        return fmt::format("windows of {}us{}{}", window_.size_us,
                           window_.zone.empty() ? "" : " in ", window_.zone);
    }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
    const sql::WindowPlan& window_;
};

} // namespace

OperatorPtr make_window_assign(OperatorPtr input, const sql::WindowPlan& window) {
    return std::make_unique<WindowAssign>(std::move(input), window);
}

} // namespace holdfast::exec
