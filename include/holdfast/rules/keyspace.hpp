#pragma once

#include <holdfast/log/append.hpp>

namespace holdfast::rules {

// Definitions and checkpoints of rules (docs/format/rule_state.md).
inline constexpr log::Keyspace kKeyspace{"rules"};

} // namespace holdfast::rules
