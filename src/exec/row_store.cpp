#include "exec/row_store.hpp"

#include <algorithm>
#include <numeric>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;
using column::Value;

// Of one cell: its type, its word and the view of its text.
constexpr std::size_t kCellBytes = sizeof(column::Type) + sizeof(std::int64_t);
constexpr std::size_t kTextViewBytes = sizeof(std::string_view);
constexpr std::uint32_t kRowsMax = UINT32_MAX - 1;

} // namespace

Result<void> RowStore::grow() {
    if (rows_ >= kRowsMax) return fail(Errc::limit_exceeded, "more than 4 billion rows");
    if (rows_ % kBatchRows != 0) return ok();
    // views of text too: a chunk does not tell when its first text comes
    HF_TRY(held_.add(kBatchRows * width_ * (kCellBytes + kTextViewBytes)));
    auto chunk = std::make_unique<Chunk>();
    chunk->columns.resize(width_);
    for (Column& column : chunk->columns) column.reset(kBatchRows);
    chunks_.push_back(std::move(chunk));
    return ok();
}

Result<void> RowStore::set(std::size_t column, const Value& value) {
    Column& to = chunks_.back()->columns[column];
    const std::size_t row = rows_ % kBatchRows;
    if (value.type() != column::Type::text) {
        to.set(row, value);
        return ok();
    }
    HF_TRY(held_.add(value.as_text().size()));
    to.set(row, Value::of_text(texts_.keep(value.as_text())));
    return ok();
}

Result<void> RowStore::append(const Frame& frame) {
    for (std::size_t row = 0; row < frame.rows; ++row) {
        HF_TRY(grow());
        for (std::size_t c = 0; c < width_; ++c) {
            HF_TRY(set(c, frame.columns[c]->at(row)));
        }
        ++rows_;
    }
    return ok();
}

Result<void> RowStore::append(std::span<const Value> row) {
    HF_TRY(grow());
    for (std::size_t c = 0; c < width_; ++c) {
        HF_TRY(set(c, row[c]));
    }
    ++rows_;
    return ok();
}

bool RowStore::batch(std::size_t index, Frame& out) {
    const std::size_t first = index * kBatchRows;
    if (first >= rows_) return false;
    out.rows = std::min<std::size_t>(kBatchRows, rows_ - first);
    out.columns.clear();
    if (out.rows == kBatchRows) {
        for (const Column& column : chunks_[index]->columns) out.columns.push_back(&column);
        return true;
    }
    // a column's length is that of its batch
    std::vector<std::uint32_t> rows(out.rows);
    std::iota(rows.begin(), rows.end(), 0U);
    last_batch_.clear();
    for (const Column& column : chunks_[index]->columns) last_batch_.push_back(column.gather(rows));
    for (const Column& column : last_batch_) out.columns.push_back(&column);
    return true;
}

void RowStore::gather(std::span<const std::uint32_t> picked, std::vector<Column>& out) const {
    out.resize(width_);
    for (std::size_t c = 0; c < width_; ++c) {
        out[c].reset(picked.size());
        for (std::size_t i = 0; i < picked.size(); ++i)
            if (picked[i] != kNoRow) out[c].set(i, at(picked[i], c));
    }
}

} // namespace holdfast::exec
