#include <gateway/base64.hpp>

#include <cstdint>

namespace holdfast::gateway {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

std::string base64(ByteView bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t j = i; j < i + 3; ++j)
            group = group << 8U | (j < bytes.size() ? std::to_integer<std::uint32_t>(bytes[j]) : 0);
        for (std::size_t digit = 0; digit < 4; ++digit)
            out += i + digit > bytes.size() ? '=' : kDigits[group >> (18 - 6 * digit) & 63U];
    }
    return out;
}

Result<std::string> from_base64(std::string_view text) {
    std::string out;
    out.reserve(text.size() / 4 * 3);
    std::uint32_t group = 0;
    std::size_t digits = 0;
    for (const char c : text.substr(0, text.find('='))) {
        const auto digit = kDigits.find(c);
        if (digit == std::string_view::npos) return fail(Errc::malformed, "not base64");
        group = group << 6U | static_cast<std::uint32_t>(digit);
        if (++digits % 4 != 0) continue;
        for (const unsigned shift : {16U, 8U, 0U}) out += static_cast<char>(group >> shift & 0xFFU);
        group = 0;
    }
    if (digits % 4 == 2) out += static_cast<char>(group >> 4U & 0xFFU);
    if (digits % 4 == 3) {
        out += static_cast<char>(group >> 10U & 0xFFU);
        out += static_cast<char>(group >> 2U & 0xFFU);
    }
    if (base64(as_bytes(out)) != text) return fail(Errc::malformed, "not base64");
    return out;
}

} // namespace holdfast::gateway
