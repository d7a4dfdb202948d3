#pragma once

#include <holdfast/log/append.hpp>

namespace holdfast::history {

// Erasures of devices that are under way (docs/format/history.md).
inline constexpr log::Keyspace kErasuresKeyspace{"erasures"};

} // namespace holdfast::history
