#pragma once

#include <openssl/types.h>

#include <string>

namespace holdfast::gateway {

// Whom a client's certificate names, as UTF-8: the CN of its subject; where there is none, its
// first alternative name of a kind that names somebody: DNS, URI or e-mail. Empty where nothing
// does.
[[nodiscard]] std::string peer_name(const X509* certificate);

} // namespace holdfast::gateway
