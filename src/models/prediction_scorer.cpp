#include "models/prediction_scorer.hpp"

#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace holdfast::models {

void NewestPredictions::set(std::string_view device, std::int64_t event_ms, double value,
                            bool is_alarmed) {
    const std::lock_guard lock(mutex_);
    auto found = by_device_.find(device);
    if (found == by_device_.end())
        found = by_device_.emplace(device, Prediction{.device = std::string(device)}).first;
    found->second.event_ms = event_ms;
    found->second.value = value;
    found->second.is_alarmed = is_alarmed;
}

void NewestPredictions::add_to(std::vector<Prediction>& out) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [device, prediction] : by_device_) out.push_back(prediction);
}

PredictionScorer::PredictionScorer(std::string source,
                                   std::shared_ptr<const pipeline::AppliedModel> model,
                                   std::uint64_t version, std::shared_ptr<NewestPredictions> newest)
    : source_(std::move(source)),
      model_(std::move(model)),
      version_(version),
      devices_max_(std::clamp<std::size_t>(kBytesMax / model_->device_bytes(), 1, kDevicesMax)),
      newest_(std::move(newest)) {}

bool PredictionScorer::is_beyond(double prediction) const noexcept {
    const config::PipelineAlarm& alarm = model_->pipeline().alarm;
    return (alarm.above && prediction > *alarm.above) || (alarm.below && prediction < *alarm.below);
}

Result<DeviceScorer::Scored> PredictionScorer::score(std::string_view name, std::int64_t event_ms,
                                                     std::span<const double> values) {
    auto found = devices_.find(name);
    if (found == devices_.end()) {
        if (devices_.size() >= devices_max_)
            return fail(Errc::limit_exceeded,
                        fmt::format("device '{}' is one more than the {} that model '{}' follows "
                                    "in a partition",
                                    name, devices_max_, source_));
        found = devices_.try_emplace(std::string(name), *model_).first;
    }
    // emplace() alone makes a node, and drops it, where there is one.
    if (!changed_.contains(name)) changed_.emplace(name);
    Device& device = found->second;
    Scored scored{std::numeric_limits<double>::quiet_NaN(), true, std::nullopt};
    const auto said = device.model.update(event_ms, values);
    if (!said) return scored; // its cleansing waits for more
    scored.score = said->value;
    // What cannot be told changes no alarm.
    if (!std::isnan(said->value) && is_beyond(said->value) != device.is_alarmed)
        scored.change = change(name, device, said->event_ms, said->value);
    newest_->set(name, said->event_ms, said->value, device.is_alarmed);
    return scored;
}

alarms::Alarm PredictionScorer::change(std::string_view name, Device& device, std::int64_t event_ms,
                                       double prediction) const {
    device.is_alarmed = !device.is_alarmed;
    if (device.is_alarmed) {
        device.raised_ms = event_ms;
        ++device.raises;
    }
    const config::PipelineAlarm& settings = model_->pipeline().alarm;
    alarms::Alarm alarm;
    alarm.source = source_;
    alarm.name = "prediction";
    alarm.key = name;
    alarm.device = name;
    alarm.state = device.is_alarmed ? alarms::AlarmState::active : alarms::AlarmState::cleared;
    alarm.severity = alarms::severity_from(settings.severity).value_or(alarms::Severity::minor);
    alarm.raised_ms = device.raised_ms;
    if (!device.is_alarmed) {
        // Event times may go back where a device's clock was set right.
        alarm.cleared_ms = std::max(event_ms, device.raised_ms);
        alarm.reason = alarms::ClearReason::cleared;
    }
    alarm.occurrence = alarms::occurrence_id(alarm, device.raises);
    std::string& json = alarm.details_json;
    json = R"({"prediction":)";
    column::append_json(json, column::Value::of_float(prediction));
    json += settings.above ? R"(,"above":)" : R"(,"below":)";
    column::append_json(
        json, column::Value::of_float(settings.above ? *settings.above : *settings.below));
    json += fmt::format(R"(,"version":{}}})", version_);
    return alarm;
}

std::map<std::string, Bytes> PredictionScorer::take_changed() {
    std::map<std::string, Bytes> out;
    for (const std::string& name : changed_) {
        const Device& device = devices_.find(name)->second;
        Bytes& bytes = out[name];
        ByteWriter writer(bytes);
        writer.u8(device.is_alarmed ? 1 : 0);
        writer.u64_be(static_cast<std::uint64_t>(device.raised_ms));
        writer.u64_be(device.raises);
        device.model.save(bytes);
    }
    changed_.clear();
    return out;
}

Result<void> PredictionScorer::restore(std::string_view name, ByteView state) {
    Device device(*model_);
    const auto read = [&]() -> Result<void> {
        ByteReader reader(state);
        HF_TRY(const std::uint8_t is_alarmed, reader.u8());
        HF_TRY(const std::uint64_t raised_ms, reader.u64_be());
        HF_TRY(device.raises, reader.u64_be());
        if (is_alarmed > 1) return fail(Errc::corrupt, "neither alarmed nor not");
        device.is_alarmed = is_alarmed == 1;
        device.raised_ms = static_cast<std::int64_t>(raised_ms);
        return device.model.restore(reader);
    };
    if (const auto done = read(); !done)
        return fail(Errc::corrupt, fmt::format("model '{}', device '{}': {}", source_, name,
                                               done.error().context));
    devices_.erase(std::string(name));
    devices_.emplace(name, std::move(device));
    return ok();
}

} // namespace holdfast::models
