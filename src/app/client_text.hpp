#pragma once

#include <holdfast/base/result.hpp>

#include <string>
#include <string_view>

namespace holdfast::app {

// What the server says of one client (docs/rest/clients.md), for people: who it is, what it may not
// do and why, and what to write in access.yaml so that it may. Control characters are made
// visible. Errors: malformed, where it is not such an answer.
[[nodiscard]] Result<std::string> client_text(std::string_view json);

// The server's list of clients, a line each below a heading. Errors: malformed.
[[nodiscard]] Result<std::string> clients_text(std::string_view json);

} // namespace holdfast::app
