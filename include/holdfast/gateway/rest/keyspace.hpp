#pragma once

#include <holdfast/log/append.hpp>

namespace holdfast::gateway {

// Answers to requests with an Idempotency-Key, for a day.
inline constexpr log::Keyspace kAnswersKeyspace{"answers"};
// Notebooks of the page, by name and revision.
inline constexpr log::Keyspace kNotebooksKeyspace{"notebooks"};

} // namespace holdfast::gateway
