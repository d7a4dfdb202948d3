#pragma once

#include <holdfast/base/result.hpp>
#include <load/options.hpp>

#include <cstddef>

namespace holdfast::load {

struct ConnectOptions {
    RunOptions run;
    std::size_t idle = 0; // > 0: open so many connections and hold them instead
};

// Without `idle`: opens (CONNECT to CONNACK) and closes connections one after the other for
// duration_s and reports connections/s and how long they took. With it: opens `idle`
// connections, lets them rest for duration_s and reports the server's RSS for each of them.
// Prints the result on stdout and gives the exit status. Errors: io, denied, malformed.
[[nodiscard]] Result<int> run_connect(const ConnectOptions& options);

} // namespace holdfast::load
