#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>
#include <utility>

namespace holdfast {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

// Lines below `level` are dropped. Set once, before threads start. Lines go to standard error.
void set_log_level(LogLevel level) noexcept;
[[nodiscard]] bool log_enabled(LogLevel level) noexcept;

// Writes one line `<time> <level> <module>: <text>`. Thread-safe; control characters in `text`
// (which may quote a peer) are escaped, so no peer can forge a line.
void write_log_line(LogLevel level, std::string_view module, std::string_view text);

// log_info("mqtt", "client {} connected from {}", id, address);
template <class... Args>
void log_at(LogLevel level, std::string_view module, fmt::format_string<Args...> format,
            Args&&... args) {
    if (log_enabled(level))
        write_log_line(level, module, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_debug(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    log_at(LogLevel::debug, module, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    log_at(LogLevel::info, module, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warn(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    log_at(LogLevel::warn, module, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_error(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    log_at(LogLevel::error, module, format, std::forward<Args>(args)...);
}

} // namespace holdfast
