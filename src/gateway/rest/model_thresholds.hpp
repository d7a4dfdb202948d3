#pragma once

#include <gateway/rest/history_reads.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/models/engine.hpp>

namespace holdfast::gateway {

// How many alarms each threshold of a model would have raised in stored samples, what becomes of
// those that were labelled, and with `per_week` the one that is suggested. BLOCKS.
[[nodiscard]] Result<void> show_thresholds(const models::Engine& engine,
                                           const alarms::Registry& alarms,
                                           const HistoryParts& parts, const HttpRequest& request,
                                           const Reply& reply);

} // namespace holdfast::gateway
