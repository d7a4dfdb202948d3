#pragma once

#include "rules/alarm_tracker.hpp"
#include "rules/window_store.hpp"

#include <holdfast/broker/publisher.hpp>
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

// What a runner must know of a record beside the columns.
struct RecordNote {
    std::string_view payload_error; // empty: decoded well
    std::string_view payload;       // for LATE TO
    Offset offset = 0;
    bool is_implausible = false;
    std::uint8_t hops = 0; // rules that the record came through
};

// What a runner emitted since it was last asked.
struct Emitted {
    std::vector<std::string> rows;            // JSON; only where asked for
    std::vector<broker::OutMessage> messages; // without the alarms' own records
    std::vector<alarms::Alarm> alarms;
    [[nodiscard]] bool empty() const noexcept { return messages.empty() && alarms.empty(); }
};

// One rule over the records of one partition, in order: state, windows, alarms, outputs. Knows no
// log and no clock, so live and dry runs share it, and the same records give the same outputs
// however they are cut into batches. One thread at a time.
class RuleRunner {
public:
    RuleRunner(std::shared_ptr<const sql::RulePlan> plan, const EngineSettings& limits,
               bool keeps_rows = false);

    // Records of the rule's source: column i of `input` is plan.fields[i].
    void run(const column::Frame& input, std::span<const RecordNote> notes);
    // Closes all windows as if the watermark had passed them: the end of a dry run.
    void close_all();

    [[nodiscard]] Emitted take_emitted();
    [[nodiscard]] RuleCounts take_counts(); // since last asked
    [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }

    void encode(ByteWriter& out) const;
    [[nodiscard]] Result<void> decode(ByteReader& in);

    static constexpr std::uint8_t kHopsMax = 8;

private:
    // The evaluated output frame of a batch of rows.
    struct Output {
        std::vector<column::Column> items;
        column::Frame frame; // items, then the middle frame
        column::Column per, severity, raise, clear;
    };
    struct RowNote {
        std::int64_t ts_us = 0;
        std::optional<std::string_view> device;
        std::uint8_t hops = 0;
    };

    [[nodiscard]] Output evaluate_output(const column::Frame& middle);
    void emit(const Output& output, std::size_t row, const RowNote& note);
    void emit_alarm(const Output& output, std::size_t row, const RowNote& note,
                    const std::string& json);
    void publish(const sql::RulePlan::Action& action, const Output& output, std::size_t row,
                 const RowNote& note, const std::string& json);
    void run_rows(const column::Frame& input, std::span<const RecordNote> notes,
                  const std::vector<std::uint32_t>& passing);
    void run_windows(const column::Frame& input, std::span<const RecordNote> notes,
                     const std::vector<std::uint32_t>& passing);
    void add_to_window(std::int64_t ts_us, std::string_view device, const RecordNote& note,
                       const std::vector<column::Column>& arguments, std::size_t row);
    void late(std::int64_t ts_us, std::string_view device, const RecordNote& note);
    void advance(std::int64_t ts_us);
    void close_first_window();
    void error(std::string what);
    [[nodiscard]] broker::OutMessage message(const RowNote& note, std::string payload) const;

    std::shared_ptr<const sql::RulePlan> plan_;
    const bool keeps_rows_;
    WindowStore windows_;
    std::optional<AlarmTracker> alarms_;
    std::int64_t watermark_us_ = INT64_MIN;
    sql::Evaluation evaluation_;
    Emitted emitted_;
    RuleCounts counts_;
    std::string last_error_;
};

} // namespace holdfast::rules
