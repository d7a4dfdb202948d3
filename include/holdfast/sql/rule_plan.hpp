#pragma once

#include <holdfast/column/field.hpp>
#include <holdfast/sql/expression.hpp>
#include <holdfast/sql/rule_statement.hpp>
#include <holdfast/sql/select_plan.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// A rule with every name looked up: what the engine runs. The SELECT has one source, and is grouped
// by device and a tumbling window or not at all; its frames are those of SelectPlan. What stands
// behind it sees the output frame: its items, then (hidden) every column of the frame that they
// were made of.
struct RulePlan {
    struct Alarm { // expressions over the output
        std::string name;
        ExpressionPtr per;
        ExpressionPtr severity; // null: 'minor'
        ExpressionPtr raise;
        ExpressionPtr clear;
        std::int64_t raise_for_us = 0;
        std::int64_t clear_for_us = 0;
    };
    struct TopicPiece {
        std::string text;         // literal, or
        ExpressionPtr expression; // over the output
    };
    struct Action {
        bool is_publish = false;
        std::vector<TopicPiece> topic; // publish
        std::string stream;            // append
        std::uint8_t qos = 0;
    };

    std::string name;
    bool or_replace = false;
    std::string text;
    SelectPlan select;
    std::vector<std::string> item_names;
    std::size_t ts_field = 0; // of fields(): event time
    std::size_t device_field = 0;
    bool reads_payload = false; // a row whose payload is damaged has no meaning to it
    std::int64_t watermark_us = 0;
    std::string late_topic; // empty: late records are dropped
    std::optional<Alarm> alarm{};
    std::vector<Action> actions;

    [[nodiscard]] const SourcePlan& source() const noexcept { return select.sources.front(); }
    [[nodiscard]] bool from_filter() const noexcept {
        return source().kind == SourcePlan::Kind::filter;
    }
    [[nodiscard]] const std::vector<column::Field>& fields() const noexcept {
        return source().fields;
    }
};

// Looks up names, functions and aggregates. malformed (unknown function, aggregate in the wrong
// place, a column that is neither grouped nor aggregated, two items of one name), not_supported.
[[nodiscard]] Result<RulePlan> bind_rule(RuleStatement statement);
// parse_rule() and bind_rule().
[[nodiscard]] Result<RulePlan> plan_rule(std::string_view sql);

} // namespace holdfast::sql
