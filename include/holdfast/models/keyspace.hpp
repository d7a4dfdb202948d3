#pragma once

#include <holdfast/log/append.hpp>

namespace holdfast::models {

// Definitions of models and the state of their detectors (docs/format/models.md).
inline constexpr log::Keyspace kKeyspace{"models"};

} // namespace holdfast::models
