#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::topic {

// The topic pattern of a bridge route: a topic filter in which `{name}` is a level to capture.
//
//     fleet/{device}/telemetry     captures one level under the name "device"
//     plant/+/line/#               `+` is any level, `#` any rest, as in a filter
//
// Immutable, thread-safe.
class TopicPattern {
public:
    // malformed, naming the level: a brace inside a level, an empty or repeated capture name, `#`
    // before the last level.
    [[nodiscard]] static Result<TopicPattern> parse(std::string_view text);

    // Whether `topic` matches; then `captures` holds one value for each of capture_names(), in
    // order, borrowed from `topic`. A pattern that starts with a wildcard or a capture does not
    // match topics that start with `$`.
    [[nodiscard]] bool match(std::string_view topic, std::vector<std::string_view>& captures) const;

    [[nodiscard]] const std::vector<std::string>& capture_names() const noexcept { return names_; }
    // The filter that matches the same topics: captures written as `+`.
    [[nodiscard]] std::string filter() const;

private:
    enum class Kind : std::uint8_t { literal, any, capture, rest };
    struct Level {
        Kind kind;
        std::string text; // of a literal
    };
    std::vector<Level> levels_;
    std::vector<std::string> names_;
};

} // namespace holdfast::topic
