#pragma once

#include <holdfast/log/append.hpp>

namespace holdfast::broker {

// Retained messages by topic (docs/format/log.md), and persistent sessions
// (docs/format/sessions.md).
inline constexpr log::Keyspace kRetainedKeyspace{"retained"};
inline constexpr log::Keyspace kSessionsKeyspace{"sessions"};

} // namespace holdfast::broker
