#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/column/value.hpp>

#include <cstddef>

namespace holdfast::history {

// One value in few bytes, with its type and every bit: a tag, and behind it what the tag says.
// Short decimals take two to five bytes. The layout is in docs/format/history.md.
void write_value(const column::Value& value, Bytes& out);
// Text is borrowed from the bytes. malformed where they are no value.
[[nodiscard]] Result<column::Value> read_value(ByteReader& in);

// As write_value() does, into memory that has room for value_bytes_max(). Gives where the value
// ends.
[[nodiscard]] std::size_t value_bytes_max(const column::Value& value) noexcept;
[[nodiscard]] std::byte* put_value(const column::Value& value, std::byte* to) noexcept;
inline constexpr std::size_t kVarlongBytesMax = 10;
// As ByteWriter::varlong() does.
[[nodiscard]] std::byte* put_varlong(std::int64_t value, std::byte* to) noexcept;

// Reads many values without a Result for each.
class ValueReader {
public:
    explicit ValueReader(ByteView bytes) noexcept
        : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    // False where what is left is none; then nothing more may be read. Text is borrowed.
    [[nodiscard]] bool next(column::Value& value) noexcept;
    [[nodiscard]] bool varlong(std::int64_t& value) noexcept;
    [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

private:
    [[nodiscard]] bool next_double(unsigned detail, column::Value& value) noexcept;

    const std::byte* at_;
    const std::byte* end_;
};

} // namespace holdfast::history
