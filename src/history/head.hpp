#pragma once

#include "history/rows.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/column/value.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::history {

// The rows of a series group that are not sealed yet, back to back in few bytes: times as
// differences, values as value_codec.hpp writes them. Not thread-safe.
class Head {
public:
    // One value for each field of the group.
    void add(std::int64_t ts_us, Offset offset, std::span<const column::Value> values);
    [[nodiscard]] Rows rows(std::size_t fields) const;
    void clear() noexcept { *this = Head(); } // gives the memory back

    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return encoded_.capacity(); }
    // Of the log; meaningful where count() > 0.
    [[nodiscard]] Offset first_offset() const noexcept { return first_offset_; }
    [[nodiscard]] Offset last_offset() const noexcept { return last_offset_; }

private:
    Bytes encoded_;
    std::size_t count_ = 0;
    std::int64_t last_ts_us_ = 0;
    Offset first_offset_ = 0;
    Offset last_offset_ = 0;
};

} // namespace holdfast::history
