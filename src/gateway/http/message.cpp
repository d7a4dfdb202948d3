#include <holdfast/gateway/http/message.hpp>

#include <holdfast/base/bytes.hpp>
#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kQueryParametersMax = 64;

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, {}, lower, lower);
}

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
    return -1;
}

std::optional<std::string_view> find(const NamedValues& values, std::string_view name) noexcept {
    const auto found = std::ranges::find(values, name, &NamedValues::value_type::first);
    if (found == values.end()) return std::nullopt;
    return found->second;
}

} // namespace

std::optional<std::string_view> HttpRequest::header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers)
        if (equal_ignoring_case(key, name)) return value;
    return std::nullopt;
}

std::optional<std::string_view> HttpRequest::query_value(std::string_view name) const noexcept {
    return find(query, name);
}

std::string_view HttpRequest::capture(std::string_view name) const noexcept {
    return find(captures, name).value_or(std::string_view{});
}

std::string HttpRequest::media_type() const {
    auto type = header("content-type").value_or(std::string_view{});
    type = type.substr(0, type.find(';'));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
    std::string out(type);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

Result<std::int64_t> HttpRequest::integer(std::string_view name, std::int64_t fallback,
                                          std::int64_t min, std::int64_t max) const {
    const auto text = query_value(name);
    if (!text) return fallback;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (text->empty() || error != std::errc{} || end != text->data() + text->size() ||
        value < min || value > max)
        return fail(Errc::malformed, fmt::format("{}: '{}' is not a whole number within {} .. {}",
                                                 name, *text, min, max));
    return value;
}

Result<bool> HttpRequest::flag(std::string_view name, bool fallback) const {
    const auto text = query_value(name);
    if (!text) return fallback;
    if (*text == "true" || *text == "1") return true;
    if (*text == "false" || *text == "0") return false;
    return fail(Errc::malformed,
                fmt::format("{}: true or false is expected, not '{}'", name, *text));
}

Result<std::optional<std::int64_t>> HttpRequest::time_ms(std::string_view name) const {
    const auto text = query_value(name);
    if (!text) return std::optional<std::int64_t>{};
    // The `+` of a time zone reads as a space where the client did not escape it.
    std::string zoned(*text);
    if (const auto space = zoned.rfind(' ');
        space != std::string::npos && zoned.find('T') != std::string::npos)
        zoned[space] = '+';
    const auto time = parse_time_ms(zoned);
    if (!time) return fail(Errc::malformed, fmt::format("{}: {}", name, time.error().context));
    return std::optional(time.value());
}

Result<void> HttpRequest::expect_only(std::span<const std::string> known) const {
    for (auto each = query.begin(); each != query.end(); ++each) {
        const std::string_view name = each->first;
        if (std::ranges::find(known, name) == known.end())
            return fail(Errc::malformed,
                        fmt::format("unknown query parameter '{}'{}{}", name,
                                    known.empty() ? "" : "; known are ", fmt::join(known, ", ")));
        if (std::any_of(query.begin(), each, [&](const auto& it) { return it.first == name; }))
            return fail(Errc::malformed, fmt::format("query parameter '{}' is given twice", name));
    }
    return ok();
}

Result<RequestTarget> split_target(std::string_view text) {
    constexpr std::string_view kScheme = "http://";
    RequestTarget target;
    if (equal_ignoring_case(text.substr(0, kScheme.size()), kScheme)) {
        text.remove_prefix(kScheme.size());
        target.authority = text.substr(0, text.find_first_of("/?"));
        text.remove_prefix(target.authority.size());
        if (target.authority.empty()) return fail(Errc::malformed, "the target names no host");
        if (!text.starts_with('/')) { // `http://host` and `http://host?query` mean its root
            target.path = "/";
            target.query = text.substr(text.empty() ? 0 : 1);
            return target;
        }
    }
    if (!text.starts_with('/'))
        return fail(Errc::malformed, "the target must be a path, or a URL that begins with http:");
    target.path = text.substr(0, text.find('?'));
    text.remove_prefix(target.path.size());
    target.query = text.substr(text.empty() ? 0 : 1);
    return target;
}

Result<std::int64_t> check_time_ms(std::int64_t epoch_ms) {
    constexpr std::int64_t kEndOf9999Ms = 253'402'300'799'999;
    if (epoch_ms >= 0 && epoch_ms <= kEndOf9999Ms) return epoch_ms;
    return fail(Errc::malformed,
                fmt::format("{} ms is no time between the years 1970 and 9999", epoch_ms));
}

Result<std::int64_t> parse_time_ms(std::string_view text) {
    std::int64_t epoch_ms = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), epoch_ms);
    if (error == std::errc{} && end == text.data() + text.size()) return check_time_ms(epoch_ms);
    if (const auto us = column::parse_timestamp(text)) return check_time_ms(*us / 1000);
    return fail(Errc::malformed, fmt::format("'{}' is neither epoch milliseconds nor a time like "
                                             "2024-05-01T10:00:00Z",
                                             text));
}

Result<std::string> percent_decode(std::string_view text, bool is_query) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && is_query) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return fail(Errc::malformed, "% without two hexadecimal digits in the URL");
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    if (!is_utf8(out) || out.find('\0') != std::string::npos)
        return fail(Errc::malformed, "the URL is not UTF-8, or holds a NUL");
    return out;
}

Result<NamedValues> parse_query(std::string_view text) {
    NamedValues query;
    while (!text.empty()) {
        const auto pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        if (pair.empty()) continue;
        if (query.size() == kQueryParametersMax)
            return fail(Errc::malformed, "more than 64 query parameters");
        const auto equals = pair.find('=');
        HF_TRY(auto name, percent_decode(pair.substr(0, equals), true));
        std::string value;
        if (equals != std::string_view::npos) {
            HF_TRY(value, percent_decode(pair.substr(equals + 1), true));
        }
        query.emplace_back(std::move(name), std::move(value));
    }
    return query;
}

} // namespace holdfast::gateway
