#include "rules/alarm_clearing.hpp"

#include "rules/alarm_record.hpp"

#include <holdfast/log/state_write.hpp>

#include <future>
#include <memory>
#include <utility>

namespace holdfast::rules {

Result<void> write_without_alarms(std::string_view rule, std::vector<log::StateChange> changes,
                                  log::Log& log, broker::Publisher& publisher,
                                  alarms::Registry& alarms, const Clock& clock) {
    std::vector<alarms::Alarm> cleared = alarms.active_of(rule);
    if (cleared.empty()) return log::StateWrite::write(log, std::move(changes));
    broker::PublishBatch batch;
    batch.state_changes = std::move(changes);
    batch.passes_over = true;
    for (alarms::Alarm& alarm : cleared) {
        alarm = alarms::removed(std::move(alarm), clock.now_ms());
        add_alarm(batch, alarm);
    }
    auto stored = std::make_shared<std::promise<Result<void>>>();
    auto answer = stored->get_future();
    publisher.publish(std::move(batch), [stored](auto placed) {
        stored->set_value(placed ? Result<void>(ok()) : placed.error());
    });
    HF_TRY(answer.get());
    alarms.apply(cleared);
    return ok();
}

} // namespace holdfast::rules
