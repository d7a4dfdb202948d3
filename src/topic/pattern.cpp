#include <holdfast/topic/pattern.hpp>

#include <holdfast/topic/topic.hpp>

#include <algorithm>

namespace holdfast::topic {
namespace {

Error level_error(std::string_view level, std::string_view what) {
    return fail(Errc::malformed, "level '" + std::string(level) + "': " + std::string(what));
}

} // namespace

Result<TopicPattern> TopicPattern::parse(std::string_view text) {
    if (text.empty() || text.size() > kTopicBytesMax)
        return fail(Errc::malformed, "a topic pattern has 1 to 65535 bytes");
    TopicPattern pattern;
    LevelCursor cursor(text);
    for (std::string_view level; cursor.next(level);) {
        if (!pattern.levels_.empty() && pattern.levels_.back().kind == Kind::rest)
            return level_error("#", "must be the last");
        if (level == "#") {
            pattern.levels_.push_back({Kind::rest, {}});
        } else if (level == "+") {
            pattern.levels_.push_back({Kind::any, {}});
        } else if (level.size() >= 2 && level.front() == '{' && level.back() == '}') {
            const std::string_view name = level.substr(1, level.size() - 2);
            if (name.empty() || name.find_first_of("{}+#") != std::string_view::npos)
                return level_error(level, "is not a capture name");
            if (std::ranges::find(pattern.names_, name) != pattern.names_.end())
                return level_error(level, "captures a name twice");
            pattern.names_.emplace_back(name);
            pattern.levels_.push_back({Kind::capture, {}});
        } else if (level.find_first_of("{}+#") != std::string_view::npos) {
            return level_error(level, "a capture or wildcard fills a whole level");
        } else {
            pattern.levels_.push_back({Kind::literal, std::string(level)});
        }
    }
    return pattern;
}

bool TopicPattern::match(std::string_view topic, std::vector<std::string_view>& captures) const {
    captures.clear();
    if (topic.starts_with('$') && levels_.front().kind != Kind::literal) return false;
    LevelCursor cursor(topic);
    std::string_view level;
    bool has_level = cursor.next(level);
    for (const Level& wanted : levels_) {
        if (wanted.kind == Kind::rest) return true; // also the parent level itself
        if (!has_level) return false;
        if (wanted.kind == Kind::literal && wanted.text != level) return false;
        if (wanted.kind == Kind::capture) captures.push_back(level);
        has_level = cursor.next(level);
    }
    return !has_level;
}

std::string TopicPattern::filter() const {
    std::string out;
    for (const Level& level : levels_) {
        if (!out.empty() || &level != &levels_.front()) out += '/';
        out += level.kind == Kind::literal ? level.text : level.kind == Kind::rest ? "#" : "+";
    }
    return out;
}

} // namespace holdfast::topic
