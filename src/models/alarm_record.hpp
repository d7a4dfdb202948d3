#pragma once

#include <holdfast/alarms/registry.hpp>
#include <holdfast/broker/publisher.hpp>

#include <utility>

namespace holdfast::models {

// A change of a model's alarm into a batch: its record on the stream `alarms`, its state, and what
// `known` has to add to it.
inline void add_alarm(broker::PublishBatch& batch, const alarms::Alarm& alarm,
                      const alarms::Registry& known) {
    broker::OutMessage message;
    message.topic = alarms::alarm_topic(alarm);
    message.stream = alarms::kAlarmStream;
    message.device = alarm.device;
    message.client_id = "model:" + alarm.source;
    message.payload = alarms::to_json(alarm);
    message.content_type = "application/json";
    message.event_ms = alarm.cleared_ms.value_or(alarm.worsened_ms.value_or(alarm.raised_ms));
    batch.messages.push_back(std::move(message));
    batch.state_changes.push_back(alarms::state_change(alarm));
    if (alarm.state == alarms::AlarmState::cleared)
        if (auto end = known.label_end(alarm)) batch.state_changes.push_back(std::move(*end));
}

} // namespace holdfast::models
