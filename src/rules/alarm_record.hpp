#pragma once

#include <holdfast/alarms/alarm.hpp>
#include <holdfast/broker/publisher.hpp>

#include <string>

namespace holdfast::rules {

// A change of a rule's alarm into a batch: its record on the stream `alarms`, and its state.
inline void add_alarm(broker::PublishBatch& batch, const alarms::Alarm& alarm) {
    broker::OutMessage out;
    out.topic = alarms::alarm_topic(alarm);
    out.stream = alarms::kAlarmStream;
    out.device = alarm.device;
    out.client_id = "rule:" + alarm.source;
    out.payload = alarms::to_json(alarm);
    out.content_type = "application/json";
    out.event_ms = alarm.cleared_ms.value_or(alarm.raised_ms);
    batch.messages.push_back(std::move(out));
    batch.state_changes.push_back(alarms::state_change(alarm));
}

} // namespace holdfast::rules
