#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/log/stream.hpp>

#include <span>
#include <string>
#include <string_view>

namespace holdfast::log {

// A setting that may be changed while the stream lives: our name and Kafka's, which is empty where
// Kafka has no such thing. Values are text, in either vocabulary; docs/streams.md has the table.
struct SettingName {
    std::string_view name;
    std::string_view kafka;
};
[[nodiscard]] std::span<const SettingName> setting_names() noexcept;

// Sets the one of that name, ours or Kafka's. Errors: not_found (no such setting), malformed (the
// context says what is expected).
[[nodiscard]] Result<void> set_setting(StreamSettings& settings, std::string_view name,
                                       std::string_view value);

// As set_setting() takes it, in the vocabulary of the name. Errors: not_found.
[[nodiscard]] Result<std::string> setting_text(const StreamSettings& settings,
                                               std::string_view name);

// Errors: malformed, naming the stream, the setting and its bound.
[[nodiscard]] Result<void> check_settings(const StreamSettings& settings);

} // namespace holdfast::log
