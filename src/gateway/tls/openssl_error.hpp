#pragma once

#include <string>

namespace holdfast::gateway {

// What OpenSSL says went wrong first on this thread; its queue is empty afterwards.
[[nodiscard]] std::string take_openssl_error();

} // namespace holdfast::gateway
