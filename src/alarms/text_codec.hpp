#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::alarms {

// Text in stored state: varlong length, bytes.
inline void put_text(ByteWriter& out, std::string_view text) {
    out.varlong(static_cast<std::int64_t>(text.size()));
    out.text(text);
}

// corrupt: longer than what is left of the state.
inline Result<std::string> take_text(ByteReader& in) {
    HF_TRY(const auto size, in.varlong());
    if (size < 0 || static_cast<std::uint64_t>(size) > in.remaining())
        return fail(Errc::corrupt, "alarm state: a text is longer than the state");
    HF_TRY(const auto bytes, in.take(static_cast<std::size_t>(size)));
    return std::string(as_text(bytes));
}

} // namespace holdfast::alarms
