#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/log/log.hpp>

namespace holdfast::broker {

// Removes what sessions left behind in the keyed state that are gone: a crash between two groups,
// or one that was on its way when a session ended, leaves it. Before any shard runs. Errors: io.
[[nodiscard]] Result<void> remove_orphaned_state(log::Log& log);

} // namespace holdfast::broker
