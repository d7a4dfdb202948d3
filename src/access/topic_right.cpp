#include "access/topic_right.hpp"

#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

namespace holdfast::access {
namespace {

using Kind = BoundTopic::Kind;

} // namespace

// A wildcard at the start does not reach topics that start with `$` [MQTT5-4.7.2-1]: `#` neither
// allows nor denies `$SYS/#`.
bool BoundTopic::starts_apart(std::string_view filter) const noexcept {
    const bool is_wild = levels_.front().kind != Kind::literal;
    const bool other_is_wild = filter.starts_with('+') || filter.starts_with('#');
    const bool has_dollar = !is_wild && levels_.front().text.starts_with('$');
    return (is_wild && filter.starts_with('$')) || (other_is_wild && has_dollar);
}

bool BoundTopic::matches(std::string_view topic) const noexcept {
    if (starts_apart(topic)) return false;
    topic::LevelCursor cursor(topic);
    std::string_view level;
    bool has_level = cursor.next(level);
    for (const Level& wanted : levels_) {
        if (wanted.kind == Kind::rest) return true; // "a/#" matches "a" as well
        if (!has_level) return false;
        if (wanted.kind == Kind::literal && wanted.text != level) return false;
        has_level = cursor.next(level);
    }
    return !has_level;
}

bool BoundTopic::covers(std::string_view filter) const noexcept {
    // `#` as a filter reaches no `$` topic, so `#` as a right covers it; `$x` starts apart from it.
    if (starts_apart(filter)) return false;
    topic::LevelCursor cursor(filter);
    std::string_view level;
    bool has_level = cursor.next(level);
    for (const Level& given : levels_) {
        if (given.kind == Kind::rest) return true;
        // A filter's `#` reaches the level above and any depth; only a `#` of ours gives as much.
        if (!has_level || level == "#") return false;
        if (given.kind == Kind::literal && (level == "+" || level != given.text)) return false;
        has_level = cursor.next(level);
    }
    return !has_level;
}

bool BoundTopic::overlaps(std::string_view filter) const noexcept {
    if (starts_apart(filter)) return false;
    topic::LevelCursor cursor(filter);
    std::string_view level;
    bool has_level = cursor.next(level);
    for (const Level& denied : levels_) {
        if (denied.kind == Kind::rest) return true;
        if (!has_level) return false;
        if (level == "#") return true;
        if (denied.kind == Kind::literal && level != "+" && level != denied.text) return false;
        has_level = cursor.next(level);
    }
    return !has_level || level == "#"; // the filter's "a/#" matches "a" as well
}

std::string BoundTopic::pattern() const {
    std::string out;
    for (const Level& level : levels_) {
        if (&level != &levels_.front()) out += '/';
        out += level.kind == Kind::any ? "+" : level.kind == Kind::rest ? "#" : level.text;
    }
    return out;
}

Result<TopicRight> TopicRight::parse(std::string_view text,
                                     std::span<const std::string_view> names) {
    if (text.empty() || text.size() > topic::kTopicBytesMax)
        return fail(Errc::malformed, "a topic pattern has 1 to 65535 bytes");
    if (text.starts_with("$share/"))
        return fail(Errc::malformed,
                    "rights are about topics: leave `$share` and the group's name away");
    TopicRight right;
    topic::LevelCursor cursor(text);
    for (std::string_view level; cursor.next(level);) {
        if (!right.levels_.empty() && right.levels_.back().kind == Kind::rest)
            return fail(Errc::malformed, fmt::format("'{}': `#` must be the last level", text));
        if (level == "#" || level == "+") {
            right.levels_.push_back({level == "#" ? Kind::rest : Kind::any, {}});
            continue;
        }
        if (level.find_first_of("+#") != std::string_view::npos)
            return fail(Errc::malformed, fmt::format("'{}': a wildcard fills a whole level", text));
        HF_TRY(NamePattern name, NamePattern::parse(level, false, names));
        right.levels_.push_back({Kind::literal, std::move(name)});
    }
    return right;
}

std::optional<BoundTopic> TopicRight::bind(const Values& values, bool missing_is_any) const {
    std::vector<BoundTopic::Level> levels;
    for (const Level& level : levels_) {
        if (level.kind != Kind::literal) {
            levels.push_back({level.kind, {}});
            continue;
        }
        if (const auto name = level.name.bind(values))
            levels.push_back({Kind::literal, name->text()});
        else if (missing_is_any)
            levels.push_back({Kind::any, {}});
        else
            return std::nullopt;
    }
    return BoundTopic(std::move(levels));
}

} // namespace holdfast::access
