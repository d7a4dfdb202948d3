#pragma once

#include <holdfast/log/append.hpp>

namespace holdfast::gateway {

// Answers to requests with an Idempotency-Key, for a day.
inline constexpr log::Keyspace kAnswersKeyspace{"answers"};

} // namespace holdfast::gateway
