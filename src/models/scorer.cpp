#include "models/scorer.hpp"

#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace holdfast::models {
namespace {

constexpr std::size_t kSignalsMax = 8; // in the details of an alarm, which are kept in memory
constexpr std::byte kStateVersion{2};

void add_number(std::string& json, std::string_view name, double value) {
    json += name;
    column::append_json(json, column::Value::of_float(value)); // null where it is none
}

// What speaks against the sample, most of it first.
void add_signals(std::string& json, const ModelSpec& spec, std::span<const double> values,
                 const std::vector<ml::SignalView>& signals) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < signals.size(); ++i)
        if (signals[i].share > 0.0) order.push_back(i);
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return std::pair(signals[b].share, a) < std::pair(signals[a].share, b);
    });
    order.resize(std::min(order.size(), kSignalsMax));
    const char* before = R"(,"signals":[)";
    for (const std::size_t i : order) {
        json += before;
        before = ",";
        json += R"({"signal":)";
        column::append_json_string(json, spec.fields[i]);
        add_number(json, R"(,"share":)", signals[i].share);
        add_number(json, R"(,"value":)", values[i]);
        add_number(json, R"(,"expected_low":)", signals[i].expected_low);
        add_number(json, R"(,"expected_high":)", signals[i].expected_high);
        json += '}';
    }
    json += order.empty() ? R"(,"signals":[])" : "]";
}

std::string details_of(const ModelSpec& spec, const ml::Verdict& verdict, std::int64_t since_ms,
                       std::span<const double> values, const ml::Explanation& why) {
    std::string json;
    add_number(json, R"({"score":)", verdict.score);
    add_number(json, R"(,"threshold":)", spec.threshold());
    json += fmt::format(R"(,"since":{})", since_ms);
    json += R"(,"signal":)";
    column::append_json_string(json, spec.fields[why.signal]);
    add_number(json, R"(,"value":)", why.value);
    add_number(json, R"(,"expected_low":)", why.expected_low);
    add_number(json, R"(,"expected_high":)", why.expected_high);
    json += R"(,"context":)";
    column::append_json_string(json, why.context);
    add_signals(json, spec, values, why.signals);
    json += '}';
    return json;
}

// A time of before is the first of what was stored without a version: its first byte is 00 or FF.
bool has_version(ByteView state) {
    return !state.empty() && state[0] != std::byte{0x00} && state[0] != std::byte{0xFF};
}

} // namespace

Result<Scorer::Device*> Scorer::device_of(std::string_view name) {
    auto found = devices_.find(name);
    if (found == devices_.end()) {
        if (devices_.size() >= kDevicesMax)
            return fail(Errc::limit_exceeded,
                        fmt::format("device '{}' is one more than the {} that "
                                    "model '{}' follows in a partition",
                                    name, kDevicesMax, spec_.name));
        found = devices_.emplace(std::string(name), Device{DeviceDetector(spec_)}).first;
    }
    // emplace() alone makes a node, and drops it, where there is one.
    if (!changed_.contains(name)) changed_.emplace(name);
    return &found->second;
}

Result<Scorer::Scored> Scorer::score(std::string_view device, std::int64_t event_ms,
                                     std::span<const double> values) {
    HF_TRY(Device* const state, device_of(device));
    const ml::Verdict verdict = update(*state, event_ms, values);
    Scored scored{verdict.score, verdict.is_warm, std::nullopt};
    if (verdict.transition == ml::Transition::raised) {
        state->raised_ms = event_ms;
        ++state->raises;
        state->departure.raise(event_ms, verdict.score, spec_.threshold());
    } else if (verdict.transition == ml::Transition::cleared) {
        state->departure.clear();
    } else {
        scored.is_worse =
            !spec_.severity && state->departure.worsen(event_ms, verdict.score, spec_.threshold());
    }
    // A device that has never raised clears what it did while it was primed: nobody was told.
    const bool is_change = verdict.transition != ml::Transition::none && state->raises > 0;
    if (is_change || scored.is_worse)
        scored.change = alarm_of(device, *state, {event_ms, values}, verdict);
    return scored;
}

Result<Scorer::Scored> Scorer::prime(std::string_view device, std::int64_t event_ms,
                                     std::span<const double> values) {
    HF_TRY(Device* const state, device_of(device));
    const ml::Verdict verdict = update(*state, event_ms, values);
    return Scored{verdict.score, verdict.is_warm, std::nullopt};
}

ml::Verdict Scorer::update(Device& device, std::int64_t event_ms, std::span<const double> values) {
    const ml::Verdict verdict = device.detector.update(event_ms, values);
    device.departure.follow(event_ms, verdict.score, spec_.threshold());
    return verdict;
}

ml::Explanation Scorer::explain(std::string_view device) const {
    const auto found = devices_.find(device);
    return found == devices_.end() ? ml::Explanation{} : found->second.detector.explain();
}

alarms::Alarm Scorer::alarm_of(std::string_view device, const Device& state, const Sample& sample,
                               const ml::Verdict& verdict) const {
    alarms::Alarm alarm;
    alarm.source = spec_.name;
    alarm.name = "anomaly";
    alarm.key = device;
    alarm.device = device;
    alarm.severity = spec_.severity.value_or(state.departure.severity());
    alarm.raised_ms = state.raised_ms;
    // Event times may go back where a device's clock was set right.
    const std::int64_t changed_ms = std::max(sample.event_ms, state.raised_ms);
    if (verdict.transition == ml::Transition::cleared) {
        alarm.state = alarms::AlarmState::cleared;
        alarm.cleared_ms = changed_ms;
        alarm.reason = alarms::ClearReason::cleared;
    } else if (verdict.transition == ml::Transition::none) {
        alarm.worsened_ms = changed_ms;
    }
    alarm.occurrence = alarms::occurrence_id(alarm, state.raises);
    alarm.details_json = details_of(spec_, verdict, state.departure.since_ms(), sample.values,
                                    state.detector.explain());
    return alarm;
}

std::map<std::string, Bytes> Scorer::take_changed() {
    std::map<std::string, Bytes> out;
    for (const std::string& name : changed_) {
        const Device& device = devices_.find(name)->second;
        Bytes& bytes = out[name];
        ByteWriter writer(bytes);
        writer.u8(std::to_integer<std::uint8_t>(kStateVersion));
        writer.u64_be(static_cast<std::uint64_t>(device.raised_ms));
        writer.u64_be(device.raises);
        device.departure.save(writer);
        device.detector.save(bytes);
    }
    changed_.clear();
    return out;
}

Result<Scorer::Device> Scorer::read_device(ByteView state) const {
    ByteReader in(state);
    Device read{DeviceDetector(spec_)};
    const bool is_versioned = has_version(state);
    if (is_versioned) {
        HF_TRY(const auto version, in.take(1));
        if (version[0] != kStateVersion) return fail(Errc::corrupt, "a state of another version");
    }
    HF_TRY(const auto raised_ms, in.u64_be());
    read.raised_ms = static_cast<std::int64_t>(raised_ms);
    HF_TRY(read.raises, in.u64_be());
    if (is_versioned) {
        HF_TRY(read.departure, Departure::read(in));
    }
    HF_TRY(read.detector.restore(in.rest()));
    return read;
}

Result<void> Scorer::restore(std::string_view device, ByteView state) {
    auto read = read_device(state);
    if (!read)
        return fail(Errc::corrupt, fmt::format("model '{}', device '{}': {}", spec_.name, device,
                                               read.error().context));
    devices_.insert_or_assign(std::string(device), std::move(read).value());
    return ok();
}

} // namespace holdfast::models
