#pragma once

#include "rules/alarm_tracker.hpp"

#include <holdfast/broker/publisher.hpp>
#include <holdfast/rules/engine.hpp>
#include <holdfast/sql/rule_plan.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::rules {

// What a runner emitted since it was last asked.
struct Emitted {
    std::vector<std::string> rows;            // JSON; only where asked for
    std::vector<broker::OutMessage> messages; // without the alarms' own records
    std::vector<Offset> origins;              // of messages: the record that made each
    std::vector<alarms::Alarm> alarms;
    [[nodiscard]] bool empty() const noexcept { return messages.empty() && alarms.empty(); }
};

// Makes of a rule's rows what it emits: JSON, messages, alarm changes. One thread.
class RuleOutput {
public:
    RuleOutput(std::shared_ptr<const sql::RulePlan> plan, const EngineSettings& limits,
               bool keeps_rows);

    // The evaluated output frame of a batch of rows.
    struct Rows {
        std::vector<column::Column> items;
        column::Frame frame; // items, then the middle frame
        column::Column per, severity, raise, clear;
    };
    struct RowNote {
        std::int64_t ts_us = 0;
        std::optional<std::string_view> device;
        std::uint8_t hops = 0;
    };
    [[nodiscard]] Rows evaluate(const column::Frame& middle);
    void emit(const Rows& rows, std::size_t row, const RowNote& note);
    // A message beside the rows: what came late.
    void send(const RowNote& note, std::string topic, std::string payload);

    // What is emitted from here on is because of the record there.
    void at(Offset offset) noexcept { offset_ = offset; }
    // A record or row that gives nothing.
    void error(std::string what);
    [[nodiscard]] AlarmTracker* alarms() noexcept { return alarms_ ? &*alarms_ : nullptr; }
    [[nodiscard]] const AlarmTracker* alarms() const noexcept {
        return alarms_ ? &*alarms_ : nullptr;
    }
    [[nodiscard]] std::vector<alarms::Alarm>& alarm_changes() noexcept { return emitted_.alarms; }
    [[nodiscard]] sql::Evaluation& evaluation() noexcept { return evaluation_; }
    [[nodiscard]] bool is_interrupted() const noexcept { return evaluation_.is_interrupted; }
    [[nodiscard]] RuleCounts& counts() noexcept { return counts_; }
    [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }

    // Since last asked.
    [[nodiscard]] Emitted take_emitted();
    [[nodiscard]] RuleCounts take_counts();

private:
    void emit_alarm(const Rows& rows, std::size_t row, const RowNote& note,
                    const std::string& json);
    void act(const sql::RulePlan::Action& action, const Rows& rows, std::size_t row,
             const RowNote& note, const std::string& json);
    [[nodiscard]] alarms::Severity severity(const Rows& rows, std::size_t row);
    void put(broker::OutMessage message);
    [[nodiscard]] broker::OutMessage message(const RowNote& note, std::string payload) const;

    std::shared_ptr<const sql::RulePlan> plan_;
    const bool keeps_rows_;
    std::optional<AlarmTracker> alarms_;
    sql::Evaluation evaluation_;
    Emitted emitted_;
    RuleCounts counts_;
    std::string last_error_;
    Offset offset_ = 0;
};

} // namespace holdfast::rules
