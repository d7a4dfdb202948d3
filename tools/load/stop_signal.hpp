#pragma once

namespace holdfast::load {

// SIGINT and SIGTERM end a run early, with its summary. SIGPIPE is ignored.
void install_stop_signals();
[[nodiscard]] bool stop_requested() noexcept;

} // namespace holdfast::load
