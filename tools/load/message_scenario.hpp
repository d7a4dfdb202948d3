#pragma once

#include <holdfast/base/result.hpp>
#include <load/options.hpp>
#include <load/report.hpp>

namespace holdfast::load {

// fanin: N publishers, each subscriber receives everything. fanout: the same with one
// publisher. pairs: subscriber i receives publisher i. Connects all, warms up, measures,
// stops sending, waits until everything sent has arrived (at most drain_s) and reports.
// Errors: io, denied, malformed while connecting; limit_exceeded for options out of range.
[[nodiscard]] Result<Report> run_messages(const MessageOptions& options);

} // namespace holdfast::load
