#pragma once

#include "access/name_pattern.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::access {

// A topic pattern of a rule with one principal's values put in.
//
// `#` and `+` of the rule are wildcards; what came for a placeholder is the text of a level, and so
// matches no level if it holds a `/`, and no topic if it holds a wildcard.
class BoundTopic {
public:
    enum class Kind : std::uint8_t { literal, any, rest };
    struct Level {
        Kind kind;
        std::string text; // of a literal
    };
    explicit BoundTopic(std::vector<Level> levels) : levels_(std::move(levels)) {}

    [[nodiscard]] bool matches(std::string_view topic) const noexcept;
    // Whether it matches every topic that the filter does.
    [[nodiscard]] bool covers(std::string_view filter) const noexcept;
    // Whether there is a topic that both match.
    [[nodiscard]] bool overlaps(std::string_view filter) const noexcept;
    // For people: a wildcard in what came for a placeholder looks like one of the rule's.
    [[nodiscard]] std::string pattern() const;

private:
    [[nodiscard]] bool starts_apart(std::string_view filter) const noexcept;

    std::vector<Level> levels_; // at least one; Kind::rest only as the last
};

// A topic filter in which levels may have placeholders: `plant/{user}/#`, `car-{n}/+/state`.
class TopicRight {
public:
    // malformed: not a topic filter but for its placeholders, or see NamePattern::parse().
    [[nodiscard]] static Result<TopicRight> parse(std::string_view text,
                                                  std::span<const std::string_view> names);
    // Where a placeholder has no value the pattern matches nothing (nothing given), or, where
    // `missing_is_any`, everything that it could have meant: so an allow gives nothing and a deny
    // denies too much rather than too little.
    [[nodiscard]] std::optional<BoundTopic> bind(const Values& values, bool missing_is_any) const;

private:
    struct Level {
        BoundTopic::Kind kind;
        NamePattern name; // of a literal
    };
    std::vector<Level> levels_;
};

} // namespace holdfast::access
