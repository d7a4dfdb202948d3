#pragma once

#include <holdfast/log/append.hpp>

namespace holdfast::alarms {

// The present state of each alarm (docs/format/alarm_state.md).
inline constexpr log::Keyspace kKeyspace{"alarms"};

} // namespace holdfast::alarms
