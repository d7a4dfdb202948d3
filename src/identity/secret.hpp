#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::identity {

// `bytes` random bytes of the operating system's as base64url without padding: fit for a URL, a
// header or a cookie. Ends the process where there is no randomness: nothing made then is a secret.
[[nodiscard]] std::string make_secret(std::size_t bytes);

// SHA-256 in lower-case hexadecimal. Only of secrets that were random: a password needs
// hash_password().
[[nodiscard]] std::string sha256_hex(std::string_view text);

// HMAC-SHA-256, 32 bytes.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view text);

// In a time that does not tell where the texts differ.
[[nodiscard]] bool equals_in_constant_time(std::string_view a, std::string_view b) noexcept;

} // namespace holdfast::identity
