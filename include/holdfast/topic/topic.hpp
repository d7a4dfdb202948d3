#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace holdfast::topic {

// MQTT topic names and filters (MQTT5 section 4.7) and stream names. Well-formed UTF-8 is the
// caller's business: packet decoders check it.

inline constexpr std::size_t kTopicBytesMax = 65'535;

// A topic that can be published to: not empty, no wildcard, no U+0000.
[[nodiscard]] bool is_topic_name(std::string_view text) noexcept;

// A legal topic filter: `+` fills a level, `#` fills the last [MQTT5-4.7.1-1, 4.7.1-2].
[[nodiscard]] bool is_topic_filter(std::string_view text) noexcept;

// Whether a legal filter matches a legal topic name. Filters that start with a wildcard do not
// match topics that start with `$` [MQTT5-4.7.2-1].
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic) noexcept;

// A stream's name: a legal Kafka topic name, [a-zA-Z0-9._-]{1,249}, neither "." nor "..".
[[nodiscard]] bool is_stream_name(std::string_view text) noexcept;

// `$share/{group}/{filter}`, taken apart; nothing where it is not a legal one.
struct SharedFilter {
    std::string_view group;
    std::string_view filter;
};
[[nodiscard]] std::optional<SharedFilter> parse_shared_filter(std::string_view text) noexcept;

// Walks the levels of a topic or filter: "a//b" has the levels "a", "" and "b". Borrows the text.
class LevelCursor {
public:
    explicit LevelCursor(std::string_view text) noexcept : rest_(text) {}
    // The next level; false behind the last.
    [[nodiscard]] bool next(std::string_view& level) noexcept;

private:
    std::string_view rest_;
    bool at_end_ = false;
};

} // namespace holdfast::topic
