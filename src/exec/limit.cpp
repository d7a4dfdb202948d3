#include "exec/operators.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;

class LimitCursor final : public Cursor {
public:
    LimitCursor(std::optional<std::uint64_t> limit, std::uint64_t offset,
                std::unique_ptr<Cursor> input)
        : left_(limit), skip_(offset), input_(std::move(input)) {}

    Result<bool> next(Frame& out) override {
        if (left_ && *left_ == 0) return false; // without asking for what nobody will see
        HF_TRY(const bool any, input_->next(out));
        if (!any) return false;
        const auto first = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, out.rows));
        skip_ -= first;
        std::size_t rows = out.rows - first;
        if (left_) {
            rows = static_cast<std::size_t>(std::min<std::uint64_t>(*left_, rows));
            *left_ -= rows;
        }
        if (rows != out.rows) cut(out, first, rows);
        return true;
    }

private:
    void cut(Frame& out, std::size_t first, std::size_t rows) {
        std::vector<std::uint32_t> picked(rows);
        std::iota(picked.begin(), picked.end(), static_cast<std::uint32_t>(first));
        kept_.clear();
        for (const Column* each : out.columns) kept_.push_back(each->gather(picked));
        out.rows = rows;
        for (std::size_t i = 0; i < kept_.size(); ++i) out.columns[i] = &kept_[i];
    }

    std::optional<std::uint64_t> left_;
    std::uint64_t skip_;
    std::unique_ptr<Cursor> input_;
    std::vector<Column> kept_;
};

class Limit final : public Operator {
public:
    Limit(OperatorPtr input, std::optional<std::uint64_t> limit, std::uint64_t offset)
        : input_(std::move(input)), limit_(limit), offset_(offset) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<LimitCursor>(limit_, offset_, std::move(input));
    }
    std::string describe() const override {
        std::string line = limit_ ? fmt::format("limit {}", *limit_) : "all rows";
        return offset_ == 0 ? line : line + fmt::format(" behind {}", offset_);
    }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
    std::optional<std::uint64_t> limit_;
    std::uint64_t offset_;
};

} // namespace

OperatorPtr make_limit(OperatorPtr input, std::optional<std::uint64_t> limit,
                       std::uint64_t offset) {
    if (!limit && offset == 0) return input;
    return std::make_unique<Limit>(std::move(input), limit, offset);
}

} // namespace holdfast::exec
