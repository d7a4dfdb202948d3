#pragma once

#include <holdfast/base/result.hpp>

#include <string>

namespace holdfast::app {

// 20 letters and digits in groups of five, none of which is taken for another (no 0, 1, i, l, o):
// 99 bits of the operating system's randomness. Errors: io.
[[nodiscard]] Result<std::string> generate_password();

// Asks twice on the terminal, without showing what is typed. Errors: not_supported (standard input
// is no terminal), malformed (the two differ), closed (ended by a signal or the end of input).
[[nodiscard]] Result<std::string> ask_password(const std::string& user);

// The first line of standard input. Errors: closed (there is none), too_large.
[[nodiscard]] Result<std::string> read_password();

} // namespace holdfast::app
