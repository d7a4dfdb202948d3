#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstddef>
#include <cstdint>
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
// A page and how many entries it says to hold: no more than pages and entries are ever made.
[[nodiscard]] inline Result<void> check_page(std::uint32_t page, std::size_t entries_max,
                                             std::size_t count, std::size_t of_page_max) {
    if (page > entries_max || count > of_page_max)
        return fail(Errc::corrupt, "rule state: a page that is never written");
    return ok();
}
// An event or arrival time in microseconds. Others than RFC 3339 can write never come in, and would
// overflow what is reckoned with them.
inline constexpr std::int64_t kTimeUsMax = 300'000'000'000'000'000;
[[nodiscard]] inline Result<std::int64_t> take_time_us(ByteReader& in) {
    HF_TRY(const auto us, in.varlong());
    if (us < -kTimeUsMax || us > kTimeUsMax) return fail(Errc::corrupt, "rule state: a time");
    return us;
}

} // namespace holdfast::rules
