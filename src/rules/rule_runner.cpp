#include "rules/rule_runner.hpp"

#include "rules/state_codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::rules {
namespace {

using column::Column;
using column::Frame;
using column::Value;
using Device = DeviceStates::Device;

constexpr std::size_t kClosedAtOnce = 1024;
constexpr std::size_t kGroupKeys = 3; // device, window_start, window_end

std::int64_t window_start(std::int64_t ts_us, std::int64_t size_us) noexcept {
    const std::int64_t into = ts_us % size_us;
    return ts_us - (into < 0 ? into + size_us : into);
}

std::vector<const sql::Expression*> conditions(const sql::SelectPlan& select) {
    std::vector<const sql::Expression*> all;
    if (!select.is_grouped) return all;
    for (const auto& each : select.filters) all.push_back(each.get());
    return all;
}

} // namespace

// Rows of the source whose payload the rule can read.
struct RuleRunner::Readable {
    Readable(const sql::RulePlan& plan, const Frame& from, std::span<const RecordNote> notes) {
        std::uint32_t row = 0;
        for (const RecordNote& note : notes) {
            if (!note.is_of_source) continue;
            if (!plan.reads_payload || note.payload_error.empty()) rows.push_back(row);
            ++row;
        }
        if (rows.size() == from.rows) {
            frame = from;
            return;
        }
        frame.rows = rows.size();
        columns_.reserve(from.columns.size());
        for (const Column* each : from.columns) {
            columns_.push_back(each->gather(rows));
            frame.columns.push_back(&columns_.back());
        }
    }
    Readable(const Readable&) = delete;
    Readable& operator=(const Readable&) = delete;

    std::vector<std::uint32_t> rows; // of the batch
    Frame frame;

private:
    std::vector<Column> columns_;
};

RuleRunner::RuleRunner(std::shared_ptr<const sql::RulePlan> plan, const EngineSettings& limits,
                       bool keeps_rows)
    : plan_(std::move(plan)),
      tumble_us_(plan_->select.window ? plan_->select.window->size_us : 0),
      where_(conditions(plan_->select), {}, plan_->fields().size(), context_),
      aggregates_(plan_->select.aggregates),
      evaluation_(context_),
      output_(plan_, limits, keeps_rows, context_),
      devices_(plan_->select.aggregates.size(), limits.groups_max, plan_->watermark_us),
      has_deadlines_(output_.alarms() != nullptr && output_.alarms()->waits()),
      keeps_time_(tumble_us_ != 0 || has_deadlines_) {}

void RuleRunner::count_in(std::span<const RecordNote> notes) {
    for (const RecordNote& note : notes) {
        if (!note.is_of_source) continue;
        ++output_.counts().records_in;
        if (note.is_implausible) ++output_.counts().implausible;
        if (plan_->reads_payload && !note.payload_error.empty())
            output_.error(fmt::format("offset {}: {}", note.offset, note.payload_error));
    }
}

void RuleRunner::run(const Frame& input, std::span<const RecordNote> notes) {
    count_in(notes);
    const Readable readable(*plan_, input, notes);
    const auto done =
        tumble_us_ != 0 ? run_windows(input, readable, notes) : run_rows(input, readable, notes);
    if (!done) is_interrupted_ = true;
    emit_closed();
}

Result<void> RuleRunner::run_rows(const Frame& input, const Readable& readable,
                                  std::span<const RecordNote> notes) {
    HF_TRY(const RuleOutput::Rows rows, output_.evaluate(readable.frame));
    const Column& times = *input.columns[plan_->ts_field];
    const Column& devices = *input.columns[plan_->device_field];
    std::size_t row = 0;
    std::size_t next = 0;
    for (const RecordNote& note : notes) {
        output_.at(note.offset);
        if (keeps_time_) arrive(note);
        if (!note.is_of_source) continue;
        const std::int64_t ts_us = times.at(row).as_int();
        const bool passes = next < rows.numbers.size() && readable.rows[rows.numbers[next]] == row;
        RuleOutput::RowNote of_row{ts_us, std::nullopt, note.hops};
        if (!devices.at(row).is_null()) of_row.device = devices.at(row).as_text();
        ++row;
        Device* device =
            keeps_time_ ? meet(of_row.device.value_or(std::string_view()), ts_us, note) : nullptr;
        if (passes) output_.emit(rows, next++, of_row);
        if (device != nullptr) advance(*device);
    }
    return ok();
}

Result<void> RuleRunner::run_windows(const Frame& input, const Readable& readable,
                                     std::span<const RecordNote> notes) {
    HF_TRY(const exec::Stage::Rows* const passing, where_.run(readable.frame));
    aggregates_.begin(passing->frame, evaluation_.begin());
    HF_TRY(evaluation_.settle());
    const Column& times = *input.columns[plan_->ts_field];
    const Column& devices = *input.columns[plan_->device_field];
    std::size_t row = 0;
    std::size_t next = 0;
    for (const RecordNote& note : notes) {
        output_.at(note.offset);
        arrive(note);
        if (!note.is_of_source) continue;
        const std::int64_t ts_us = times.at(row).as_int();
        const bool passes =
            next < passing->numbers.size() && readable.rows[passing->numbers[next]] == row;
        const Value name = devices.at(row++);
        Device* device = meet(name.is_null() ? std::string_view() : name.as_text(), ts_us, note);
        const std::size_t added = passes ? next++ : 0;
        if (device == nullptr) continue;
        if (passes) add_to_window(*device, ts_us, note, added);
        advance(*device);
    }
    return ok();
}

// Arrival time has come so far: devices that are silent go on with it.
void RuleRunner::arrive(const RecordNote& note) {
    devices_.arrive(note.arrival_us, note.is_tick);
    for (Device* device : devices_.take_due()) advance(*device);
}

// The record's device, its clock moved on; null where the record tells nothing about it.
Device* RuleRunner::meet(std::string_view name, std::int64_t ts_us, const RecordNote& note) {
    // What could not be read has arrival for its time; it must not make the device's next ones
    // late.
    if (plan_->reads_payload && !note.payload_error.empty()) return nullptr;
    Device* device = devices_.find_or_make(name);
    if (device == nullptr) {
        output_.error(fmt::format("offset {}: no room for device '{}', the rule's limit is reached",
                                  note.offset, name.substr(0, 100)));
        return nullptr;
    }
    if (!devices_.observe(*device, ts_us)) return device;
    // The clock was set back: what is open was made by the wrong time and would stay open until the
    // right one comes there.
    ++output_.counts().clock_back;
    while (!device->second.windows.empty()) close_first(*device);
    emit_closed();
    if (has_deadlines_) output_.alarms()->forget_pending(device->first);
    return device;
}

void RuleRunner::add_to_window(Device& device, std::int64_t ts_us, const RecordNote& note,
                               std::size_t row) {
    const std::int64_t start_us = window_start(ts_us, tumble_us_);
    if (start_us + tumble_us_ <= device.second.clock.watermark_us)
        return late(device.first, ts_us, note);
    DeviceStates::Group* group = devices_.group(device, start_us);
    if (group == nullptr)
        return output_.error(
            fmt::format("offset {}: no room for device '{}', the rule's limit of open "
                        "groups is reached",
                        note.offset, device.first.substr(0, 100)));
    group->hops = std::max(group->hops, note.hops);
    aggregates_.add(row, group->aggregates, context_.mismatches);
}

void RuleRunner::late(std::string_view device, std::int64_t ts_us, const RecordNote& note) {
    ++output_.counts().late;
    if (plan_->late_topic.empty()) return;
    emit_closed(); // outputs keep the order of what caused them
    output_.send({ts_us, device, note.hops}, plan_->late_topic, std::string(note.payload));
}

// Closes what the device's watermark has passed, in event time.
void RuleRunner::advance(Device& device) {
    const std::int64_t watermark_us = device.second.clock.watermark_us;
    auto& windows = device.second.windows;
    while (!windows.empty() && windows.begin()->first + tumble_us_ <= watermark_us) {
        const std::int64_t end_us = windows.begin()->first + tumble_us_;
        // A FOR that was over before the window's row is due before it.
        if (has_deadlines_)
            output_.alarms()->advance(device.first, end_us - 1, output_.alarm_changes());
        close_first(device);
        if (has_deadlines_ || closed_.size() >= kClosedAtOnce) emit_closed();
    }
    if (has_deadlines_)
        output_.alarms()->advance(device.first, watermark_us, output_.alarm_changes());
    schedule(device);
    if (!has_deadlines_) return;
    for (const std::string& name : output_.alarms()->take_relieved())
        if (Device* relieved = devices_.find(name)) schedule(*relieved);
}

void RuleRunner::schedule(Device& device) {
    std::optional<std::int64_t> until_us;
    if (!device.second.windows.empty())
        until_us = device.second.windows.begin()->first + tumble_us_;
    if (has_deadlines_)
        if (const auto deadline_us = output_.alarms()->next_deadline_us(device.first))
            until_us = std::min(until_us.value_or(*deadline_us), *deadline_us);
    devices_.schedule(device, until_us);
}

void RuleRunner::close_first(Device& device) {
    const std::int64_t start_us = device.second.windows.begin()->first;
    closed_.push_back({start_us, device.first, devices_.take_first(device)});
}

void RuleRunner::close_all() {
    for (const auto& [start_us, device] : devices_.open_windows()) {
        assert(device->second.windows.begin()->first == start_us);
        close_first(*device);
    }
    emit_closed();
    devices_.for_each([this](Device& device) { schedule(device); });
}

// Many at once, because evaluating a frame costs more than its rows.
void RuleRunner::emit_closed() {
    if (closed_.empty()) return;
    const std::vector<Closed> closed = std::exchange(closed_, {});
    const auto rows = output_.evaluate(grouped_frame(closed));
    if (!rows) {
        is_interrupted_ = true;
        return;
    }
    const auto& numbers = rows.value().numbers;
    for (std::size_t row = 0; row < numbers.size(); ++row) {
        const Closed& each = closed[numbers[row]];
        output_.emit(rows.value(), row, {each.start_us + tumble_us_, each.device, each.group.hops});
    }
}

// Keys, then aggregates: the groups as an aggregation would give them. Text is borrowed.
Frame RuleRunner::grouped_frame(const std::vector<Closed>& closed) {
    const sql::SelectPlan& select = plan_->select;
    assert(select.keys.size() == kGroupKeys);
    Frame frame{{}, closed.size()};
    grouped_.resize(kGroupKeys + select.aggregates.size());
    for (Column& each : grouped_) {
        each.reset(closed.size());
        frame.columns.push_back(&each);
    }
    for (std::size_t row = 0; row < closed.size(); ++row) {
        const Closed& each = closed[row];
        grouped_[0].set(row, Value::of_text(each.device));
        grouped_[1].set(row, Value::of_timestamp_us(each.start_us));
        grouped_[2].set(row, Value::of_timestamp_us(each.start_us + tumble_us_));
        for (std::size_t i = 0; i < select.aggregates.size(); ++i)
            grouped_[kGroupKeys + i].set(
                row, each.group.aggregates[i].result(select.aggregates[i].kind));
    }
    return frame;
}

void RuleRunner::encode_head(ByteWriter& out) const {
    devices_.encode_head(out);
    if (output_.alarms() != nullptr) output_.alarms()->encode_head(out);
}

std::vector<RuleRunner::Page> RuleRunner::take_changed_pages() {
    std::vector<Page> pages;
    const auto take = [&pages](char kind, auto& state) {
        for (const std::uint32_t number : state.take_changed_pages()) {
            Page& page = pages.emplace_back(Page{kind, number, std::nullopt});
            if (state.page_is_empty(number)) continue;
            Bytes bytes;
            ByteWriter out(bytes);
            state.encode_page(number, out);
            page.value = as_text(bytes);
        }
    };
    take('d', devices_);
    if (output_.alarms() != nullptr) take('a', *output_.alarms());
    return pages;
}

Result<void> RuleRunner::decode_head(ByteReader& in) {
    HF_TRY(devices_.decode_head(in));
    if (output_.alarms() != nullptr) {
        HF_TRY(output_.alarms()->decode_head(in));
    }
    if (!in.empty()) return fail(Errc::corrupt, "rule state: bytes too many");
    return ok();
}

Result<void> RuleRunner::decode_page(char kind, std::uint32_t number, std::string_view value) {
    ByteReader in(as_bytes(value));
    if (kind == 'd') {
        HF_TRY(devices_.decode_page(number, in));
    } else if (kind == 'a' && output_.alarms() != nullptr) {
        HF_TRY(output_.alarms()->decode_page(number, in));
    } else {
        return fail(Errc::corrupt, "rule state: a page of an unknown kind");
    }
    if (!in.empty()) return fail(Errc::corrupt, "rule state: bytes too many");
    return ok();
}

// What devices wait for is not stored: it follows from the rest.
void RuleRunner::decoded() {
    devices_.for_each([this](Device& device) { schedule(device); });
}

} // namespace holdfast::rules
