#pragma once

#include <holdfast/sql/expression.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// CREATE RULE as it was written: checked for form, names not looked up yet.
struct RuleStatement {
    struct Item {
        ExpressionPtr expression;
        std::string name; // AS name; else made from the expression
        Position at{};
    };
    struct Source {
        bool is_filter = false; // 'topic/filter', else a stream
        std::string name;
        Position at{};
        std::string alias;
        std::optional<column::Path> event_time{};
        std::int64_t watermark_us = 0;
        std::string late_topic; // LATE TO; empty: late records are dropped (and counted)
    };
    struct Alarm {
        std::string name;
        ExpressionPtr per;
        ExpressionPtr severity; // null: 'minor'
        ExpressionPtr raise;
        ExpressionPtr clear;
        std::int64_t raise_for_us = 0;
        std::int64_t clear_for_us = 0;
    };
    struct Action {
        bool is_publish = false;
        std::string target; // publish: topic with `${column}`; append: stream
        Position at{};
        std::uint8_t qos = 0;
    };

    std::string name;
    bool or_replace = false;
    std::string text; // the statement itself, without the semicolon
    std::vector<Item> items;
    Source source;
    ExpressionPtr where{};
    bool is_windowed = false; // GROUP BY device, TUMBLE(...)
    std::int64_t tumble_us = 0;
    ExpressionPtr having{};
    std::optional<Alarm> alarm{};
    std::vector<Action> actions;
};

inline constexpr std::size_t kItemsMax = 200;
inline constexpr std::size_t kActionsMax = 16;
inline constexpr std::size_t kRuleBytesMax = 64 * 1024; // of one rule's text
inline constexpr std::int64_t kDurationUsMax = 366LL * 86'400'000'000;

// One CREATE RULE statement. malformed with position; not_supported with position and name for
// what the dialect has but this engine does not serve yet; limit_exceeded.
[[nodiscard]] Result<RuleStatement> parse_rule(std::string_view sql);
// Any number of them, separated by semicolons.
[[nodiscard]] Result<std::vector<RuleStatement>> parse_rules(std::string_view sql);

} // namespace holdfast::sql
