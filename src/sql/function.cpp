#include <holdfast/sql/function.hpp>

#include "sql/function_groups.hpp"

#include <array>

namespace holdfast::sql {
namespace {

std::array<std::span<const Function>, 5> groups() noexcept {
    return {math_functions(), text_functions(), time_functions(), json_functions(),
            geo_functions()};
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

} // namespace holdfast::sql
