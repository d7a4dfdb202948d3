#include "exec/operators.hpp"

#include <holdfast/exec/evaluated.hpp>
#include <holdfast/sql/expression_text.hpp>

#include <fmt/format.h>

namespace holdfast::exec {
namespace {

class ScanCursor final : public Cursor {
public:
    ScanCursor(std::unique_ptr<Cursor> rows, Context& context)
        : rows_(std::move(rows)), context_(context) {}

    Result<bool> next(column::Frame& out) override {
        HF_TRY(context_.check());
        HF_TRY(const bool any, rows_->next(out));
        if (any) context_.rows_read += out.rows;
        return any;
    }

private:
    std::unique_ptr<Cursor> rows_;
    Context& context_;
};

class Scan final : public Operator {
public:
    Scan(const sql::SourcePlan& source, const RowSource& rows) : source_(source), rows_(rows) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto rows, rows_.open(source_, context));
        return std::make_unique<ScanCursor>(std::move(rows), context);
    }
    std::string describe() const override {
        std::string line = fmt::format("scan {}", source_.name);
        if (!source_.origin.empty()) line += "@" + source_.origin;
        for (const auto& field : source_.fields)
            line += (&field == &source_.fields.front() ? " of " : ", ") + field.to_string();
        const auto limit = [&line](const char* what, const sql::TimeRange& range) {
            if (range == sql::TimeRange{}) return;
            line += fmt::format(", {}", what);
            if (range.from_us != sql::TimeRange{}.from_us)
                line += fmt::format(
                    " from {}", sql::literal_text(column::Value::of_timestamp_us(range.from_us)));
            if (range.to_us != sql::TimeRange{}.to_us)
                line += fmt::format(" to {}",
                                    sql::literal_text(column::Value::of_timestamp_us(range.to_us)));
        };
        limit("event time", source_.event_time);
        limit("arrival", source_.arrival_time);
        if (const std::string extent = rows_.extent(source_); !extent.empty())
            line += ", " + extent;
        return line;
    }
    std::vector<const Operator*> inputs() const override { return {}; }

private:
    const sql::SourcePlan& source_;
    const RowSource& rows_;
};

class OneRowCursor final : public Cursor {
public:
    Result<bool> next(column::Frame& out) override {
        out = column::Frame{{}, 1};
        return !std::exchange(is_done_, true);
    }

private:
    bool is_done_ = false;
};

class OneRow final : public Operator {
public:
    Result<std::unique_ptr<Cursor>> start(Context&) const override {
        return std::make_unique<OneRowCursor>();
    }
    std::string describe() const override { return "one row"; }
    std::vector<const Operator*> inputs() const override { return {}; }
};

} // namespace

OperatorPtr make_scan(const sql::SourcePlan& source, const RowSource& rows) {
    return std::make_unique<Scan>(source, rows);
}

OperatorPtr make_one_row() {
    return std::make_unique<OneRow>();
}

} // namespace holdfast::exec
