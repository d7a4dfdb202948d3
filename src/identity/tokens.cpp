#include <holdfast/identity/tokens.hpp>

#include "identity/secret.hpp"

namespace holdfast::identity {
namespace {

constexpr std::string_view kPrefix = "hft_";
constexpr std::size_t kIdBytes = 9;
constexpr std::size_t kSecretBytes = 32; // random: a plain SHA-256 of it cannot be guessed back

// One that begins like an option could not be given to a command.
std::string make_id() {
    for (;;)
        if (std::string id = make_secret(kIdBytes); !id.starts_with('-')) return id;
}

} // namespace

NewToken make_token(std::string_view user, std::string_view label, std::int64_t now_ms,
                    std::int64_t expires_ms) {
    NewToken made;
    const std::string secret = make_secret(kSecretBytes);
    made.stored = {make_id(), std::string(user), sha256_hex(secret),
                   now_ms,    expires_ms,        std::string(label)};
    made.text = std::string(kPrefix) + made.stored.id + "." + secret;
    return made;
}

std::optional<TokenText> parse_token(std::string_view text) noexcept {
    if (!text.starts_with(kPrefix)) return std::nullopt;
    text.remove_prefix(kPrefix.size());
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == text.size()) return std::nullopt;
    return TokenText{text.substr(0, dot), text.substr(dot + 1)};
}

bool is_valid(const Token& token, std::string_view secret, std::int64_t now_ms) {
    const bool is_known = equals_in_constant_time(sha256_hex(secret), token.secret_hash);
    return is_known && (token.expires_ms == 0 || now_ms < token.expires_ms);
}

} // namespace holdfast::identity
