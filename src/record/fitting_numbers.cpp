#include "record/fitting_numbers.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace holdfast::record {
namespace {

bool is_part_of_number(char c) noexcept {
    return c != '\0' && std::strchr("0123456789.eE+-", c) != nullptr;
}

// As RFC 8259 has it: no zero in front of others, digits on both sides of a point.
bool is_number(std::string_view text) noexcept {
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const auto digits = [&] {
        const std::size_t begin = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
        return at - begin;
    };
    const std::size_t first = at;
    const std::size_t whole = digits();
    if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
    if (at < text.size() && text[at] == '.') {
        ++at;
        if (digits() == 0) return false;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        if (digits() == 0) return false;
    }
    return at == text.size();
}

void append_fitting(std::string& out, std::string_view number) {
    const std::string text(number);
    if (is_number(number) && std::isinf(std::strtod(text.c_str(), nullptr))) {
        out += "null";
        return;
    }
    out += text;
    const bool is_whole = number.find_first_of(".eE") == std::string_view::npos;
    std::int64_t exact = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), exact);
    if (is_whole && read.ec == std::errc::result_out_of_range) out += "e0";
}

} // namespace

std::string with_fitting_numbers(std::string_view json) {
    std::string out;
    bool in_text = false;
    for (std::size_t at = 0; at < json.size(); ++at) {
        const char c = json[at];
        if (!in_text && (c == '-' || (c >= '0' && c <= '9'))) {
            const std::size_t first = at;
            while (at + 1 < json.size() && is_part_of_number(json[at + 1])) ++at;
            append_fitting(out, json.substr(first, at + 1 - first));
            continue;
        }
        out += c;
        if (in_text && c == '\\' && at + 1 < json.size()) {
            out += json[++at];
        } else if (c == '"') {
            in_text = !in_text;
        }
    }
    return out;
}

} // namespace holdfast::record
