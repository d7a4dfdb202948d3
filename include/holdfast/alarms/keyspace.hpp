#pragma once

#include <holdfast/log/append.hpp>

namespace holdfast::alarms {

// The present state of each alarm (docs/format/alarm_state.md).
inline constexpr log::Keyspace kKeyspace{"alarms"};
// What operators said of them (the same page).
inline constexpr log::Keyspace kAcknowledgementsKeyspace{"alarm_acks"};
// What they made of occurrences, also of those that are long over (the same page).
inline constexpr log::Keyspace kLabelsKeyspace{"alarm_labels"};

} // namespace holdfast::alarms
