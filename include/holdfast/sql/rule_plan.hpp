#pragma once

#include <holdfast/column/field.hpp>
#include <holdfast/sql/aggregate.hpp>
#include <holdfast/sql/expression.hpp>
#include <holdfast/sql/rule_statement.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// A rule with every name looked up: what the engine runs. Expressions see one of three frames:
//
//   input   column i is fields[i] of the record
//   middle  without a window the input; with one: device, window_start, window_end, aggregates...
//   output  the items, then the middle frame's columns
struct RulePlan {
    static constexpr std::size_t kWindowDevice = 0;
    static constexpr std::size_t kWindowStart = 1;
    static constexpr std::size_t kWindowEnd = 2;
    static constexpr std::size_t kFirstAggregate = 3;

    struct Aggregate {
        AggregateKind kind{};
        ExpressionPtr argument; // over the input; null for count(*)
    };
    struct Item {
        std::string name;
        ExpressionPtr expression; // over the middle
    };
    struct Alarm { // expressions over the output
        std::string name;
        ExpressionPtr per;
        ExpressionPtr severity;
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
    bool from_filter = false;
    std::string source; // topic filter or stream
    std::int64_t watermark_us = 0;
    std::string late_topic;

    std::vector<column::Field>
        fields; // fields[ts_field] is event time, fields[device_field] the device
    std::size_t ts_field = 0;
    std::size_t device_field = 0;
    bool reads_payload = false; // a row whose payload is damaged has no meaning to it

    ExpressionPtr where; // over the input; null: all
    bool is_windowed = false;
    std::int64_t tumble_us = 0;
    std::vector<Aggregate> aggregates;
    std::vector<Item> items;
    ExpressionPtr having; // over the output; null: all
    std::optional<Alarm> alarm{};
    std::vector<Action> actions;
};

// Looks up names, functions and aggregates. malformed (unknown function, aggregate in the wrong
// place, a column that is neither grouped nor aggregated, two items of one name), not_supported.
[[nodiscard]] Result<RulePlan> bind_rule(RuleStatement statement);
// parse_rule() and bind_rule().
[[nodiscard]] Result<RulePlan> plan_rule(std::string_view sql);

} // namespace holdfast::sql
