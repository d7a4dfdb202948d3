#include <holdfast/identity/password.hpp>

#include "identity/secret.hpp"

#include <argon2.h>
#include <fmt/format.h>

#include <array>
#include <charconv>

namespace holdfast::identity {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kEncodedBytesMax = 512;
// What a users file may make one check cost: four at once stay below a small server's memory.
constexpr std::uint32_t kMemoryKibMax = 256 * 1024;
constexpr std::uint32_t kPassesMax = 16;
constexpr std::uint32_t kLanesMax = 4;

// `name=number` at the start of `text`, taken off with what follows it.
bool take_number(std::string_view& text, std::string_view name, char end, std::uint32_t& out) {
    if (!text.starts_with(name)) return false;
    text.remove_prefix(name.size());
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || at == text.data() + text.size() || *at != end) return false;
    text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
    return true;
}

} // namespace

Result<std::string> hash_password(std::string_view password, PasswordCost cost) {
    if (password.size() < kPasswordBytesMin || password.size() > kPasswordBytesMax)
        return fail(Errc::malformed, fmt::format("a password has {} to {} bytes", kPasswordBytesMin,
                                                 kPasswordBytesMax));
    const std::string salt = make_secret(kSaltBytes); // its text: as random, and longer
    std::array<char, kEncodedBytesMax> encoded{};
    const int outcome =
        argon2id_hash_encoded(cost.passes, cost.memory_kib, 1, password.data(), password.size(),
                              salt.data(), salt.size(), kHashBytes, encoded.data(), encoded.size());
    if (outcome != ARGON2_OK)
        return fail(Errc::io, fmt::format("argon2id: {}", argon2_error_message(outcome)));
    return std::string(encoded.data());
}

Result<void> check_password_hash(std::string_view hash) {
    if (hash.size() > kEncodedBytesMax) return fail(Errc::malformed, "a hash of over 512 bytes");
    std::uint32_t version = 0;
    std::uint32_t memory_kib = 0;
    std::uint32_t passes = 0;
    std::uint32_t lanes = 0;
    std::string_view rest = hash;
    constexpr std::string_view kKind = "$argon2id$";
    if (!rest.starts_with(kKind)) return fail(Errc::malformed, "not an argon2id hash");
    rest.remove_prefix(kKind.size());
    if (!take_number(rest, "v=", '$', version) || !take_number(rest, "m=", ',', memory_kib) ||
        !take_number(rest, "t=", ',', passes) || !take_number(rest, "p=", '$', lanes) ||
        rest.find('$') == std::string_view::npos)
        return fail(Errc::malformed, "not an argon2id hash");
    if (memory_kib > kMemoryKibMax || passes > kPassesMax || lanes > kLanesMax)
        return fail(Errc::malformed,
                    fmt::format("a hash of m={},t={},p={} costs more than m={},t={},p={}",
                                memory_kib, passes, lanes, kMemoryKibMax, kPassesMax, kLanesMax));
    return ok();
}

bool verify_password(std::string_view password, const std::string& hash) {
    if (password.size() > kPasswordBytesMax) return false;
    return argon2id_verify(hash.c_str(), password.data(), password.size()) == ARGON2_OK;
}

} // namespace holdfast::identity
