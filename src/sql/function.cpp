#include <holdfast/sql/function.hpp>

#include "sql/function_groups.hpp"

#include <array>

namespace holdfast::sql {
namespace {

std::array<std::span<const Function>, 5> groups() noexcept {
    return {math_functions(), text_functions(), time_functions(), json_functions(),
            geo_functions()};
}

// The end of the character that starts at `at`.
std::size_t past_character(std::string_view text, std::size_t at) noexcept {
    do ++at;
    while (at < text.size() && !starts_character(text[at]));
    return at;
}

} // namespace

const Function* find_function(std::string_view name) noexcept {
    for (const auto group : groups())
        for (const Function& each : group)
            if (each.name == name) return &each;
    return nullptr;
}

std::vector<std::string> function_names() {
    std::vector<std::string> names;
    for (const auto group : groups())
        for (const Function& each : group) names.emplace_back(each.name);
    return names;
}

bool matches_like(std::string_view text, std::string_view pattern) noexcept {
    std::size_t t = 0;
    std::size_t p = 0;
    std::size_t after_percent = std::string_view::npos; // where to go back to
    std::size_t retry_from = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '%') {
            after_percent = ++p;
            retry_from = t;
        } else if (p < pattern.size() && pattern[p] == '_') {
            t = past_character(text, t);
            ++p;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++t;
            ++p;
        } else if (after_percent != std::string_view::npos) {
            p = after_percent;
            t = retry_from = past_character(text, retry_from);
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '%') ++p;
    return p == pattern.size();
}

} // namespace holdfast::sql
