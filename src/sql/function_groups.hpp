#pragma once

#include <holdfast/sql/function.hpp>

#include <cmath>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::sql {

// The functions of the dialect, by what they are about.
[[nodiscard]] std::span<const Function> math_functions() noexcept;
[[nodiscard]] std::span<const Function> text_functions() noexcept;
[[nodiscard]] std::span<const Function> time_functions() noexcept;
[[nodiscard]] std::span<const Function> json_functions() noexcept;
[[nodiscard]] std::span<const Function> geo_functions() noexcept;

inline constexpr std::size_t kManyArguments = 64;

// NULL, counted.
[[nodiscard]] inline column::Value mismatch(Evaluation& evaluation) noexcept {
    ++evaluation.mismatches;
    return {};
}
[[nodiscard]] inline column::Value finite(double value, Evaluation& evaluation) noexcept {
    return std::isfinite(value) ? column::Value::of_float(value) : mismatch(evaluation);
}
// Text that a function made, kept within its bound.
[[nodiscard]] inline column::Value made_text(std::string_view text, Evaluation& evaluation) {
    if (text.size() > kTextBytesMax) return mismatch(evaluation);
    return column::Value::of_text(evaluation.arena.keep(text));
}
// A continuation byte of UTF-8 starts no character.
[[nodiscard]] inline bool starts_character(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
}

} // namespace holdfast::sql
