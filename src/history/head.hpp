#pragma once

#include "history/rows.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/history/store.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::history {

// The rows of a series group that are not sealed yet, back to back in few bytes: times as
// differences, values as value_codec.hpp writes them. Not thread-safe.
class Head {
public:
    // One value for each field of the group, in their order.
    void add(std::int64_t ts_us, Offset offset, std::span<const FieldValue> values);
    [[nodiscard]] Rows rows(std::size_t fields) const;
    void clear() noexcept { *this = Head(); } // gives the memory back

    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return encoded_.capacity(); }
    // Of the log; meaningful where count() > 0.
    [[nodiscard]] Offset first_offset() const noexcept { return first_offset_; }
    [[nodiscard]] Offset last_offset() const noexcept { return last_offset_; }
    [[nodiscard]] std::int64_t oldest_ts_us() const noexcept { return oldest_ts_us_; }
    [[nodiscard]] std::int64_t newest_ts_us() const noexcept { return newest_ts_us_; }
    // Of the newest row, the last told of several, one after the other as write_value() has them.
    // Borrowed until the next change.
    [[nodiscard]] ByteView newest_values() const noexcept {
        return ByteView(encoded_).subspan(newest_begin_, newest_end_ - newest_begin_);
    }

private:
    Bytes encoded_;
    std::size_t count_ = 0;
    std::int64_t last_ts_us_ = 0;
    Offset first_offset_ = 0;
    Offset last_offset_ = 0;
    std::int64_t oldest_ts_us_ = INT64_MAX;
    std::int64_t newest_ts_us_ = INT64_MIN;
    std::size_t newest_begin_ = 0; // in encoded_
    std::size_t newest_end_ = 0;
};

} // namespace holdfast::history
