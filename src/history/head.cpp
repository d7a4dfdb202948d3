#include "history/head.hpp"

#include "history/value_codec.hpp"

#include <algorithm>
#include <cassert>

namespace holdfast::history {
namespace {

// Times may lie anywhere in int64: the difference wraps around.
std::int64_t difference(std::int64_t left, std::int64_t right) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(left) -
                                     static_cast<std::uint64_t>(right));
}
std::int64_t sum(std::int64_t left, std::int64_t right) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(left) +
                                     static_cast<std::uint64_t>(right));
}

} // namespace

void Head::add(std::int64_t ts_us, Offset offset, std::span<const FieldValue> values) {
    if (count_ == 0) first_offset_ = offset;
    std::size_t bytes_max = kVarlongBytesMax;
    for (const FieldValue& each : values) bytes_max += value_bytes_max(each.value);
    // By a quarter: a vector's doubling would leave a third of the budget empty.
    if (encoded_.capacity() - encoded_.size() < bytes_max)
        encoded_.reserve(encoded_.size() + encoded_.size() / 4 + bytes_max);
    std::size_t begin = encoded_.size();
    encoded_.resize(begin + bytes_max);
    std::byte* at = put_varlong(difference(ts_us, last_ts_us_), encoded_.data() + begin);
    begin = static_cast<std::size_t>(at - encoded_.data());
    for (const FieldValue& each : values) at = put_value(each.value, at);
    encoded_.resize(static_cast<std::size_t>(at - encoded_.data()));
    if (ts_us >= newest_ts_us_) {
        newest_ts_us_ = ts_us;
        newest_begin_ = begin;
        newest_end_ = encoded_.size();
    }
    oldest_ts_us_ = std::min(oldest_ts_us_, ts_us);
    last_ts_us_ = ts_us;
    last_offset_ = offset;
    ++count_;
}

Rows Head::rows(std::size_t fields) const {
    Rows out;
    out.ts_us.reserve(count_);
    out.columns.resize(fields);
    for (column::Column& each : out.columns) each.reset(count_);
    ValueReader in(encoded_);
    std::int64_t ts_us = 0;
    bool reads = true; // we wrote these bytes ourselves, into memory
    for (std::size_t row = 0; row < count_ && reads; ++row) {
        std::int64_t step = 0;
        reads = in.varlong(step);
        ts_us = sum(ts_us, step);
        out.ts_us.push_back(ts_us);
        for (column::Column& each : out.columns) {
            column::Value value;
            reads = reads && in.next(value);
            if (value.type() == column::Type::text)
                value = column::Value::of_text(out.texts.keep(value.as_text()));
            each.set(row, value);
        }
    }
    assert(reads && in.left() == 0);
    return out;
}

} // namespace holdfast::history
