#pragma once

#include "rules/alarm_tracker.hpp"

#include <holdfast/broker/publisher.hpp>
#include <holdfast/exec/evaluated.hpp>
#include <holdfast/exec/stage.hpp>
#include <holdfast/rules/engine.hpp>
#include <holdfast/sql/rule_plan.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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
    // `context` outlives it.
    RuleOutput(std::shared_ptr<const sql::RulePlan> plan, const EngineSettings& limits,
               bool keeps_rows, exec::Context& context);

    // The output frame of a batch, and what the alarm says of each row. Borrowed until the next.
    struct Rows {
        column::Frame frame;
        std::span<const std::uint32_t> numbers; // row i was row numbers[i] of what went in
        column::Column per, severity, raise, clear;
    };
    struct RowNote {
        std::int64_t ts_us = 0;
        std::optional<std::string_view> device;
        std::uint8_t hops = 0;
    };
    // Of groups those that HAVING takes; else of the source's rows those that WHERE takes. An error
    // where the context ended it.
    [[nodiscard]] Result<Rows> evaluate(const column::Frame& in);
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
    exec::Context& context_;
    exec::Stage stage_;                // the filter and the items
    exec::BatchEvaluation evaluation_; // of the alarm
    Emitted emitted_;
    RuleCounts counts_;
    std::string last_error_;
    Offset offset_ = 0;
};

} // namespace holdfast::rules
