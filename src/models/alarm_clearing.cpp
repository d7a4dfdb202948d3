#include "models/alarm_clearing.hpp"

#include "models/alarm_record.hpp"

#include <future>
#include <memory>
#include <utility>

namespace holdfast::models {

Result<void> write_without_alarms(std::string_view model, std::vector<log::StateChange> changes,
                                  broker::Publisher& publisher, alarms::Registry& alarms,
                                  const Clock& clock) {
    auto stored = std::make_shared<std::promise<Result<void>>>();
    auto answer = stored->get_future();
    broker::PublishBatch batch;
    batch.state_changes = std::move(changes);
    batch.passes_over = true;
    std::vector<alarms::Alarm> cleared = alarms.active_of(model);
    for (alarms::Alarm& alarm : cleared) {
        alarm = alarms::removed(std::move(alarm), clock.now_ms());
        add_alarm(batch, alarm, alarms);
    }
    publisher.publish(std::move(batch), [stored](auto placed) {
        if (placed)
            stored->set_value(ok());
        else
            stored->set_value(std::move(placed).error());
    });
    HF_TRY(answer.get());
    alarms.apply(cleared);
    return ok();
}

} // namespace holdfast::models
