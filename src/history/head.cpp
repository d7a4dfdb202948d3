#include "history/head.hpp"

#include "history/value_codec.hpp"

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

void Head::add(std::int64_t ts_us, Offset offset, std::span<const column::Value> values) {
    if (count_ == 0) first_offset_ = offset;
    // By a quarter: a vector's doubling would leave a third of the budget empty.
    if (encoded_.capacity() - encoded_.size() < 64)
        encoded_.reserve(encoded_.size() + encoded_.size() / 4 + 128);
    ByteWriter(encoded_).varlong(difference(ts_us, last_ts_us_));
    for (const column::Value& value : values) write_value(value, encoded_);
    last_ts_us_ = ts_us;
    last_offset_ = offset;
    ++count_;
}

Rows Head::rows(std::size_t fields) const {
    Rows out;
    out.ts_us.reserve(count_);
    out.columns.resize(fields);
    for (column::Column& each : out.columns) each.reset(count_);
    ByteReader in(encoded_);
    std::int64_t ts_us = 0;
    for (std::size_t row = 0; row < count_; ++row) {
        // We wrote these bytes ourselves, into memory: .value() ends the process if they do not
        // read.
        ts_us = sum(ts_us, in.varlong().value());
        out.ts_us.push_back(ts_us);
        for (column::Column& each : out.columns) {
            column::Value value = read_value(in).value();
            if (value.type() == column::Type::text)
                value = column::Value::of_text(out.texts.keep(value.as_text()));
            each.set(row, value);
        }
    }
    assert(in.empty());
    return out;
}

} // namespace holdfast::history
