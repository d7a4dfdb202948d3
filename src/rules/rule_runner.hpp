#pragma once

#include "rules/device_states.hpp"
#include "rules/rule_output.hpp"

#include <holdfast/exec/aggregate_input.hpp>
#include <holdfast/exec/context.hpp>
#include <holdfast/exec/evaluated.hpp>
#include <holdfast/exec/stage.hpp>

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
    std::int64_t arrival_us = 0;
    bool is_of_source = true; // false: it only tells the partition's time
    bool is_tick = false;     // and that of the server
    bool is_implausible = false;
    std::uint8_t hops = 0; // rules that the record came through
};

// One rule over the records of one partition, in order: state, windows, alarms, outputs. Knows no
// log and no clock, so live and dry runs share it, and the same records give the same outputs
// however they are cut into batches. One thread at a time.
class RuleRunner {
public:
    RuleRunner(std::shared_ptr<const sql::RulePlan> plan, const EngineSettings& limits,
               bool keeps_rows = false);

    // Records of the partition in order. The rows of `input` are those of the rule's source; column
    // i is plan.fields[i].
    void run(const column::Frame& input, std::span<const RecordNote> notes);
    // Closes all windows as if the watermarks had passed them: the end of a dry run.
    void close_all();

    // Expressions end early once it is due (null: never), and is_interrupted() from then on:
    // state and outputs are of no use. It outlives the runner.
    void interrupt_by(const sql::Interrupt* interrupt) noexcept {
        context_.interrupt_by(interrupt);
    }
    [[nodiscard]] bool is_interrupted() const noexcept { return is_interrupted_; }

    // Whether time matters to the rule: where not, records that are not of its source may be left
    // out.
    [[nodiscard]] bool keeps_time() const noexcept { return keeps_time_; }
    // When a record, whichever, would give something by its arrival alone; empty: never.
    [[nodiscard]] std::optional<std::int64_t> next_due_arrival_us() const {
        return devices_.next_due_arrival_us();
    }
    [[nodiscard]] std::int64_t latest_arrival_us() const noexcept {
        return devices_.latest_arrival_us();
    }

    [[nodiscard]] Emitted take_emitted() { return output_.take_emitted(); }
    [[nodiscard]] RuleCounts take_counts() { return output_.take_counts(); } // since last asked
    [[nodiscard]] const std::string& last_error() const noexcept { return output_.last_error(); }

    // The state in a head and numbered pages of two kinds (docs/format/rule_state.md).
    struct Page {
        char kind = 0; // 'd' devices, 'a' alarm keys
        std::uint32_t number = 0;
        std::optional<std::string> value; // empty: nothing is left in it
    };
    void encode_head(ByteWriter& out) const;
    [[nodiscard]] std::vector<Page> take_changed_pages(); // since last asked
    // Head first, then every page, then decoded(). corrupt.
    [[nodiscard]] Result<void> decode_head(ByteReader& in);
    [[nodiscard]] Result<void> decode_page(char kind, std::uint32_t number, std::string_view value);
    void decoded();

    static constexpr std::uint8_t kHopsMax = 8;

private:
    struct Closed { // a window whose group has not been emitted yet
        std::int64_t start_us = 0;
        std::string device; // by value: it may be forgotten before
        DeviceStates::Group group;
    };
    struct Readable;
    void count_in(std::span<const RecordNote> notes);
    [[nodiscard]] Result<void> run_rows(const column::Frame& input, const Readable& readable,
                                        std::span<const RecordNote> notes);
    [[nodiscard]] Result<void> run_windows(const column::Frame& input, const Readable& readable,
                                           std::span<const RecordNote> notes);
    void arrive(const RecordNote& note);
    [[nodiscard]] DeviceStates::Device* meet(std::string_view name, std::int64_t ts_us,
                                             const RecordNote& note);
    void add_to_window(DeviceStates::Device& device, std::int64_t ts_us, const RecordNote& note,
                       std::size_t row);
    void late(std::string_view device, std::int64_t ts_us, const RecordNote& note);
    void advance(DeviceStates::Device& device);
    void schedule(DeviceStates::Device& device);
    void close_first(DeviceStates::Device& device);
    void emit_closed();
    [[nodiscard]] column::Frame grouped_frame(const std::vector<Closed>& closed);

    std::shared_ptr<const sql::RulePlan> plan_;
    const std::int64_t tumble_us_; // 0: no window
    exec::Context context_;
    exec::Stage where_;                // in front of the windows
    exec::AggregateInput aggregates_;  // of the batch that is added to them
    exec::BatchEvaluation evaluation_; // of their arguments
    RuleOutput output_;
    DeviceStates devices_;
    const bool has_deadlines_; // FOR
    const bool keeps_time_;
    bool is_interrupted_ = false;
    std::vector<Closed> closed_;
    std::vector<column::Column> grouped_; // of those that are emitted
};

} // namespace holdfast::rules
