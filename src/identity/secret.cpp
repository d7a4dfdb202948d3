#include "identity/secret.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>
#include <cassert>
#include <cstdlib>
#include <vector>

namespace holdfast::identity {
namespace {

const unsigned char* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

std::string make_secret(std::size_t bytes) {
    std::vector<unsigned char> random(bytes);
    if (RAND_bytes(random.data(), static_cast<int>(bytes)) != 1) std::abort();
    constexpr std::string_view kDigits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned held = 0;
    unsigned bits = 0;
    for (const unsigned char byte : random) {
        held = held << 8U | byte;
        for (bits += 8; bits >= 6; bits -= 6) out += kDigits[held >> (bits - 6) & 63U];
        held &= (1U << bits) - 1;
    }
    if (bits != 0) out += kDigits[held << (6 - bits) & 63U];
    return out;
}

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(bytes_of(text), text.size(), digest.data());
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (const unsigned char byte : digest) {
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 15U];
    }
    return out;
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(),
         digest.data(), &size);
    assert(size == digest.size());
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

bool equals_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace holdfast::identity
