#include "app/server_alarms.hpp"

#include <holdfast/base/log_line.hpp>

#include <array>
#include <utility>
#include <vector>

namespace holdfast::app {
namespace {

constexpr std::string_view kSource = "server";

} // namespace

void ServerAlarms::open(broker::Publisher& publisher, alarms::Registry& alarms) {
    const std::lock_guard lock(mutex_);
    publisher_ = &publisher;
    alarms_ = &alarms;
}

void ServerAlarms::close() {
    const std::lock_guard lock(mutex_);
    publisher_ = nullptr;
    alarms_ = nullptr;
}

void ServerAlarms::raise(std::string_view name, std::string_view key, alarms::Severity severity,
                         std::string details_json) {
    const std::lock_guard lock(mutex_);
    if (alarms_ == nullptr) return;
    const auto known = find_locked(alarms::alarm_id(kSource, name, key));
    const bool is_active = known && known->state == alarms::AlarmState::active;
    if (is_active && known->severity == severity) return;
    // One that gets worse is the same occurrence.
    alarms::Alarm alarm = is_active ? *known : alarms::Alarm{};
    alarm.severity = severity;
    alarm.details_json = std::move(details_json);
    if (!is_active) {
        alarm.source = kSource;
        alarm.name = name;
        alarm.key = key;
        alarm.raised_ms = clock_.now_ms();
        alarm.occurrence = alarms::occurrence_id(alarm, alarms_->totals(kSource).raised);
    }
    store_locked(alarm);
}

void ServerAlarms::clear(std::string_view name, std::string_view key) {
    const std::lock_guard lock(mutex_);
    if (alarms_ == nullptr) return;
    auto known = find_locked(alarms::alarm_id(kSource, name, key));
    if (!known || known->state != alarms::AlarmState::active) return;
    clear_locked(std::move(*known), alarms::ClearReason::cleared);
}

void ServerAlarms::keep_only(std::string_view name, const std::set<std::string>& keys) {
    const std::lock_guard lock(mutex_);
    if (alarms_ == nullptr) return;
    for (alarms::Alarm& alarm : alarms_->active_of(kSource))
        if (alarm.name == name && !keys.contains(alarm.key))
            clear_locked(std::move(alarm), alarms::ClearReason::removed);
}

// The registry knows of a change once it is stored; two listeners with one certificate tell of it
// at once.
std::optional<alarms::Alarm> ServerAlarms::find_locked(const std::string& id) const {
    const auto changing = under_way_.find(id);
    return changing != under_way_.end() ? changing->second : alarms_->find(id);
}

void ServerAlarms::clear_locked(alarms::Alarm alarm, alarms::ClearReason reason) {
    alarm.state = alarms::AlarmState::cleared;
    alarm.cleared_ms = clock_.now_ms();
    alarm.reason = reason;
    store_locked(alarm);
}

void ServerAlarms::store_locked(const alarms::Alarm& alarm) {
    broker::OutMessage message;
    message.topic = alarms::alarm_topic(alarm);
    message.stream = alarms::kAlarmStream;
    message.device = alarm.key;
    message.client_id = kSource;
    message.payload = alarms::to_json(alarm);
    message.content_type = "application/json";
    message.event_ms = alarm.cleared_ms.value_or(alarm.raised_ms);
    broker::PublishBatch batch;
    batch.messages.push_back(std::move(message));
    batch.state_changes.push_back(alarms::state_change(alarm));
    under_way_.insert_or_assign(alarms::alarm_id(alarm), alarm);
    publisher_->publish(std::move(batch), [this, alarm](const auto& placed) {
        if (!placed)
            log_error("alarms", "'{}' of '{}' was not stored: {}", alarm.name, alarm.key,
                      placed.error().context);
        stored(alarm, placed.has_value());
    });
}

// On a shard's thread. What was not stored is told again, and tried again then.
void ServerAlarms::stored(const alarms::Alarm& alarm, bool is_stored) {
    const std::lock_guard lock(mutex_);
    const auto changing = under_way_.find(alarms::alarm_id(alarm));
    if (changing != under_way_.end() && changing->second == alarm) under_way_.erase(changing);
    if (is_stored && alarms_ != nullptr) alarms_->apply(std::array{alarm});
}

} // namespace holdfast::app
