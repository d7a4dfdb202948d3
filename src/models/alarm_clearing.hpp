#pragma once

#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/broker/publisher.hpp>

#include <string_view>
#include <vector>

namespace holdfast::models {

// Stores the changes, and in the same write that the alarms of a model that is removed or replaced
// are cleared: nobody else ever would. BLOCKS. Errors: what publishing gives.
[[nodiscard]] Result<void> write_without_alarms(std::string_view model,
                                                std::vector<log::StateChange> changes,
                                                broker::Publisher& publisher,
                                                alarms::Registry& alarms, const Clock& clock);

} // namespace holdfast::models
