#pragma once

#include <holdfast/access/audit_event.hpp>
#include <holdfast/alarms/alarm.hpp>

#include <string_view>

namespace holdfast::app {

// Streams that history does not follow, whatever the configuration says: alarms have a store of
// their own, and the audit is not for whoever may read the history.
[[nodiscard]] inline bool is_never_kept(std::string_view stream) noexcept {
    return stream == alarms::kAlarmStream || stream == access::kAuditStream;
}

} // namespace holdfast::app
