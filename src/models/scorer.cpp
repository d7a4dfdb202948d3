#include "models/scorer.hpp"

#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::models {

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
    changed_.emplace(name);
    return &found->second;
}

Result<Scorer::Scored> Scorer::score(std::string_view device, std::int64_t event_ms,
                                     std::span<const double> values) {
    HF_TRY(Device* const state, device_of(device));
    const ml::Verdict verdict = state->detector.update(event_ms, values);
    Scored scored{verdict.score, verdict.is_warm, std::nullopt};
    if (verdict.transition == ml::Transition::raised) {
        state->raised_ms = event_ms;
        ++state->raises;
    }
    // A device that has never raised clears what it did while it was primed: nobody was told.
    if (verdict.transition != ml::Transition::none && state->raises > 0)
        scored.change = alarm_of(device, *state, event_ms, verdict);
    return scored;
}

Result<Scorer::Scored> Scorer::prime(std::string_view device, std::int64_t event_ms,
                                     std::span<const double> values) {
    HF_TRY(Device* const state, device_of(device));
    const ml::Verdict verdict = state->detector.update(event_ms, values);
    return Scored{verdict.score, verdict.is_warm, std::nullopt};
}

ml::Explanation Scorer::explain(std::string_view device) const {
    const auto found = devices_.find(device);
    return found == devices_.end() ? ml::Explanation{} : found->second.detector.explain();
}

alarms::Alarm Scorer::alarm_of(std::string_view device, const Device& state, std::int64_t event_ms,
                               const ml::Verdict& verdict) const {
    const bool is_raised = verdict.transition == ml::Transition::raised;
    const ml::Explanation why = state.detector.explain();
    alarms::Alarm alarm;
    alarm.source = spec_.name;
    alarm.name = "anomaly";
    alarm.key = device;
    alarm.device = device;
    alarm.state = is_raised ? alarms::AlarmState::active : alarms::AlarmState::cleared;
    alarm.severity = spec_.severity;
    alarm.raised_ms = state.raised_ms;
    if (!is_raised) {
        // Event times may go back where a device's clock was set right.
        alarm.cleared_ms = std::max(event_ms, state.raised_ms);
        alarm.reason = alarms::ClearReason::cleared;
    }
    alarm.occurrence = alarms::occurrence_id(alarm, state.raises);
    std::string& json = alarm.details_json;
    const auto number = [&json](std::string_view name, double value) {
        json += name;
        column::append_json(json, column::Value::of_float(value));
    };
    number(R"({"score":)", verdict.score);
    number(R"(,"threshold":)", spec_.threshold());
    json += R"(,"signal":)";
    column::append_json_string(json, spec_.fields[why.signal]);
    number(R"(,"value":)", why.value);
    number(R"(,"expected_low":)", why.expected_low);
    number(R"(,"expected_high":)", why.expected_high);
    json += R"(,"context":)";
    column::append_json_string(json, why.context);
    json += '}';
    return alarm;
}

std::map<std::string, Bytes> Scorer::take_changed() {
    std::map<std::string, Bytes> out;
    for (const std::string& name : changed_) {
        const Device& device = devices_.find(name)->second;
        Bytes& bytes = out[name];
        ByteWriter writer(bytes);
        writer.u64_be(static_cast<std::uint64_t>(device.raised_ms));
        writer.u64_be(device.raises);
        device.detector.save(bytes);
    }
    changed_.clear();
    return out;
}

Result<void> Scorer::restore(std::string_view device, ByteView state) {
    ByteReader reader(state);
    Device read{DeviceDetector(spec_)};
    const auto raised_ms = reader.u64_be();
    const auto raises = reader.u64_be(); // fails, too, where the first did
    const auto restored =
        raises ? read.detector.restore(reader.rest()) : Result<void>(raises.error());
    if (!restored)
        return fail(Errc::corrupt, fmt::format("model '{}', device '{}': {}", spec_.name, device,
                                               restored.error().context));
    read.raised_ms = static_cast<std::int64_t>(raised_ms.value());
    read.raises = raises.value();
    devices_.insert_or_assign(std::string(device), std::move(read));
    return ok();
}

} // namespace holdfast::models
