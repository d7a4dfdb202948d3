#pragma once

#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/log/log.hpp>

#include <string_view>
#include <vector>

namespace holdfast::rules {

// Stores the changes, and in the same write that the alarms of a rule that is removed or replaced
// are cleared: nobody else ever would. BLOCKS. Errors: io, and what publishing gives.
[[nodiscard]] Result<void> write_without_alarms(std::string_view rule,
                                                std::vector<log::StateChange> changes,
                                                log::Log& log, broker::Publisher& publisher,
                                                alarms::Registry& alarms, const Clock& clock);

} // namespace holdfast::rules
