#include <holdfast/topic/topic.hpp>

#include <algorithm>

namespace holdfast::topic {

bool LevelCursor::next(std::string_view& level) noexcept {
    if (at_end_) return false;
    const std::size_t slash = rest_.find('/');
    level = rest_.substr(0, slash);
    if (slash == std::string_view::npos)
        at_end_ = true;
    else
        rest_.remove_prefix(slash + 1);
    return true;
}

bool is_topic_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kTopicBytesMax &&
           text.find_first_of(std::string_view("+#\0", 3)) == std::string_view::npos;
}

bool is_topic_filter(std::string_view text) noexcept {
    if (text.empty() || text.size() > kTopicBytesMax) return false;
    bool hash_seen = false;
    LevelCursor cursor(text);
    for (std::string_view level; cursor.next(level);) {
        if (hash_seen) return false;
        if (level == "#") {
            hash_seen = true;
        } else if (level != "+" &&
                   level.find_first_of(std::string_view("+#\0", 3)) != std::string_view::npos) {
            return false;
        }
    }
    return true;
}

bool matches(std::string_view filter, std::string_view topic) noexcept {
    if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#')))
        return false;
    LevelCursor wanted(filter);
    LevelCursor given(topic);
    for (std::string_view want; wanted.next(want);) {
        if (want == "#") return true;
        std::string_view level;
        if (!given.next(level)) return false;
        if (want != "+" && want != level) return false;
        // "a/#" matches "a" as well [MQTT5-4.7.1.2].
        LevelCursor rest = wanted;
        std::string_view next;
        LevelCursor left = given;
        if (rest.next(next) && next == "#" && !left.next(level)) return true;
    }
    std::string_view more;
    return !given.next(more);
}

bool is_stream_name(std::string_view text) noexcept {
    constexpr std::size_t kNameBytesMax = 249;
    if (text.empty() || text.size() > kNameBytesMax || text == "." || text == "..") return false;
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

std::optional<SharedFilter> parse_shared_filter(std::string_view text) noexcept {
    constexpr std::string_view kPrefix = "$share/";
    if (!text.starts_with(kPrefix)) return std::nullopt;
    text.remove_prefix(kPrefix.size());
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || slash == 0) return std::nullopt;
    const SharedFilter shared{text.substr(0, slash), text.substr(slash + 1)};
    if (shared.group.find_first_of("+#") != std::string_view::npos ||
        !is_topic_filter(shared.filter))
        return std::nullopt;
    return shared;
}

} // namespace holdfast::topic
