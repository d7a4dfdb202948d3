#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::alarms {

// How bad an alarm is, in order: `a < b` means less bad. Numbers reach the disk.
enum class Severity : std::uint8_t { info = 0, minor = 1, major = 2, critical = 3 };

[[nodiscard]] std::string_view to_string(Severity severity) noexcept;
// By its name; `warning` is another word for minor. Nothing for anything else.
[[nodiscard]] std::optional<Severity> severity_from(std::string_view name) noexcept;

} // namespace holdfast::alarms
