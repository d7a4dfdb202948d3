#pragma once

#include <holdfast/identity/users.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::identity {

// A token as its owner gets it: `hft_{id}.{secret}`. The prefix lets scanners of repositories and
// logs find one that went astray.
struct NewToken {
    Token stored;
    std::string text; // shown once
};
// Lasts until `expires_ms`; 0 = for ever. `user` is not looked up.
[[nodiscard]] NewToken make_token(std::string_view user, std::string_view label,
                                  std::int64_t now_ms, std::int64_t expires_ms);

struct TokenText {
    std::string_view id;
    std::string_view secret;
};
// Nothing where it is not written like one.
[[nodiscard]] std::optional<TokenText> parse_token(std::string_view text) noexcept;

// Whether `secret` is that of `token`, in a time that tells nothing of it, and it has not expired.
[[nodiscard]] bool is_valid(const Token& token, std::string_view secret, std::int64_t now_ms);

} // namespace holdfast::identity
