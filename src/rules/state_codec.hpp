#pragma once

#include <holdfast/base/bytes.hpp>

#include <string>
#include <string_view>

namespace holdfast::rules {

// Texts of any length in checkpoints: varlong length, bytes.
inline void put_text(ByteWriter& out, std::string_view text) {
    out.varlong(static_cast<std::int64_t>(text.size()));
    out.text(text);
}
[[nodiscard]] inline Result<std::string> take_text(ByteReader& in) {
    HF_TRY(const auto size, in.varlong());
    if (size < 0 || static_cast<std::uint64_t>(size) > in.remaining())
        return fail(Errc::corrupt, "rule state: a text is longer than the state");
    HF_TRY(const auto bytes, in.take(static_cast<std::size_t>(size)));
    return std::string(as_text(bytes));
}
// A count of things of at least one byte each: never more than bytes are left.
[[nodiscard]] inline Result<std::size_t> take_count(ByteReader& in) {
    HF_TRY(const auto count, in.varlong());
    if (count < 0 || static_cast<std::uint64_t>(count) > in.remaining())
        return fail(Errc::corrupt, "rule state: a count is larger than the state");
    return static_cast<std::size_t>(count);
}

} // namespace holdfast::rules
