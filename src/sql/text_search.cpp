#include "sql/text_search.hpp"

#include "sql/function_groups.hpp"

#include <holdfast/sql/function.hpp>

#include <cstring>

namespace holdfast::sql {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

// The end of the character that starts at `at`.
std::size_t past_character(std::string_view text, std::size_t at) noexcept {
    do ++at;
    while (at < text.size() && !starts_character(text[at]));
    return at;
}

// Where a match of `segment`, which has no `%`, that begins at `at` ends; kNone where there is
// none.
std::size_t match_at(std::string_view text, std::size_t at, std::string_view segment) noexcept {
    for (const char wanted : segment) {
        if (at >= text.size()) return kNone;
        if (wanted == '_')
            at = past_character(text, at);
        else if (text[at] == wanted)
            ++at;
        else
            return kNone;
    }
    return at;
}

// The end of the leftmost match from `from` on. A piece without `_` in front says where one may
// begin.
std::size_t find_segment(std::string_view text, std::size_t from, std::string_view segment,
                         const GoesOn& goes_on) {
    const std::string_view literal = segment.substr(0, segment.find('_'));
    for (std::size_t at = from; at <= text.size();) {
        if (!literal.empty()) {
            const std::size_t found = find_text(text.substr(at), literal);
            if (found == kNone) return kNone;
            at += found;
        }
        if (literal.size() == segment.size()) return at + literal.size();
        const std::size_t end = match_at(text, at, segment);
        if (end != kNone || at == text.size()) return end;
        if (goes_on && !goes_on(segment.size())) return kNone;
        at = past_character(text, at);
    }
    return kNone;
}

// Whether `segment` matches the end of `text`, not before `from`.
bool ends_with_segment(std::string_view text, std::size_t from, std::string_view segment) noexcept {
    // As many characters as the segment has: each `_` is one, whatever its bytes.
    std::size_t at = text.size();
    for (std::size_t i = segment.size(); i-- > 0;) {
        if (segment[i] != '_') {
            if (at == 0) return false;
            --at;
            continue;
        }
        do {
            if (at == 0) return false;
            --at;
        } while (at > 0 && !starts_character(text[at]));
    }
    return at >= from && match_at(text, at, segment) == text.size();
}

} // namespace

std::size_t find_text(std::string_view text, std::string_view part) noexcept {
    if (part.empty()) return 0;
    // glibc's memmem() searches by the two-way algorithm; string_view::find() is quadratic.
    const void* found = ::memmem(text.data(), text.size(), part.data(), part.size());
    if (found == nullptr) return kNone;
    return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

// Piece by piece between the `%`: the first at the start, the last at the end, those between them
// each at the leftmost place, which leaves the most to those behind.
bool matches_like(std::string_view text, std::string_view pattern, const GoesOn& goes_on) {
    std::size_t percent = pattern.find('%');
    if (percent == kNone) return match_at(text, 0, pattern) == text.size();
    std::size_t at = match_at(text, 0, pattern.substr(0, percent));
    if (at == kNone) return false;
    for (;;) {
        pattern.remove_prefix(percent + 1);
        percent = pattern.find('%');
        if (percent == kNone) return ends_with_segment(text, at, pattern);
        at = find_segment(text, at, pattern.substr(0, percent), goes_on);
        if (at == kNone) return false;
    }
}

} // namespace holdfast::sql
