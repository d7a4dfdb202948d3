#pragma once

#include <holdfast/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::identity {

inline constexpr std::size_t kPasswordBytesMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 1'024;

// What one check costs whoever guesses, and us. The defaults are the least that OWASP's Password
// Storage Cheat Sheet asks of argon2id: 19 MiB, two passes, one lane; about 20 ms.
struct PasswordCost {
    std::uint32_t memory_kib = 19 * 1024;
    std::uint32_t passes = 2;
};

// The password as argon2id (RFC 9106) in its usual text form, `$argon2id$v=19$m=...`. It BLOCKS for
// the time, and takes the memory, of `cost`. malformed (too short or too long), io (no memory).
[[nodiscard]] Result<std::string> hash_password(std::string_view password, PasswordCost cost = {});

// Whether `hash` is one that verify_password() may be asked with: argon2id, and of a cost that a
// file may demand of us. malformed.
[[nodiscard]] Result<void> check_password_hash(std::string_view hash);

// BLOCKS as hash_password(). `hash` has passed check_password_hash().
[[nodiscard]] bool verify_password(std::string_view password, const std::string& hash);

} // namespace holdfast::identity
