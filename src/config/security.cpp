#include <config/sections.hpp>

#include <config/map_reader.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace holdfast::config {
namespace {

void read_path(MapReader& map, std::string_view key, const std::filesystem::path& directory,
               std::filesystem::path& out) {
    const auto node = map.scalar(key, "a path");
    if (!node) return;
    if (node->Scalar().empty())
        map.wrong(*node, key, "an empty path");
    else
        out = directory / node->Scalar();
}

} // namespace

void read_security(MapReader& map, const std::filesystem::path& directory, Security& out) {
    read_path(map, "access", directory, out.access);
    read_path(map, "users", directory, out.users);
    if (out.access.empty() == out.users.empty()) return;
    const std::string_view given = out.access.empty() ? "users" : "access";
    const std::string_view missing = out.access.empty() ? "access" : "users";
    map.wrong(
        map.node()[std::string(given)], given,
        fmt::format("needs `{}` beside it: roles and rules are in one file, users in the other",
                    missing));
    out = {};
}

} // namespace holdfast::config
