#include <holdfast/config/access_file.hpp>

#include "config/map_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::config {
namespace {

constexpr std::size_t kRolesMax = 1'000;
constexpr std::size_t kRulesMax =
    1'000; // of one role: each new topic of a connection asks them all

bool is_role_name(std::string_view name) {
    const auto legal = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, legal);
}

// `allow: publish` reads better than a list of one, so both are taken.
void read_actions(MapReader& map, std::string_view key, std::vector<std::string>& out) {
    const YAML::Node node = map.node()[std::string(key)];
    if (node.IsSequence())
        map.texts(key, out);
    else if (const auto one = map.scalar(key, "an action, or a list of actions"))
        out.push_back(one->Scalar());
}

AccessRule read_rule(const YAML::Node& node, const std::string& path, Mistakes& mistakes,
                     const std::filesystem::path& file) {
    AccessRule rule;
    rule.where = fmt::format("{}:{}", file.string(), node.Mark().line + 1);
    MapReader map(node, path, mistakes);
    if (!node.IsMap()) return rule;
    const bool allows = static_cast<bool>(node["allow"]);
    rule.is_deny = static_cast<bool>(node["deny"]);
    if (allows == rule.is_deny)
        map.wrong(node, "allow", "a rule has either `allow` or `deny`");
    else
        read_actions(map, allows ? "allow" : "deny", rule.actions);
    map.texts("topics", rule.topics);
    map.texts("streams", rule.streams);
    map.texts("areas", rule.areas);
    map.texts("clients", rule.clients);
    map.text("user", rule.user);
    map.finish();
    return rule;
}

void read_roles(const YAML::Node& node, std::vector<AccessRole>& out, Mistakes& mistakes,
                const std::filesystem::path& file) {
    if (!node.IsMap()) {
        mistakes.add(node.Mark(), "roles", "a map of role names is expected");
        return;
    }
    for (const auto& entry : node) {
        const YAML::Node& key = entry.first;
        const std::string name = key.IsScalar() ? key.Scalar() : "";
        const std::string path = "roles." + name;
        if (!is_role_name(name)) {
            mistakes.add(key.Mark(), "roles",
                         fmt::format("'{}' is not a role name: 1 to 64 of a-z 0-9 _ -", name));
            continue;
        }
        if (std::ranges::find(out, name, &AccessRole::name) != out.end()) {
            mistakes.add(key.Mark(), path, "given twice");
            continue;
        }
        AccessRole& role = out.emplace_back();
        role.name = name;
        if (!entry.second.IsSequence()) {
            mistakes.add(key.Mark(), path, "a list of rules is expected");
            continue;
        }
        for (const auto& item : entry.second)
            role.rules.push_back(
                read_rule(item, fmt::format("{}[{}]", path, role.rules.size()), mistakes, file));
        if (role.rules.size() > kRulesMax)
            mistakes.add(key.Mark(), path, fmt::format("more than {} rules", kRulesMax));
    }
    if (out.size() > kRolesMax)
        mistakes.add(node.Mark(), "roles", fmt::format("more than {} roles", kRolesMax));
}

} // namespace

Result<AccessFile> parse_access(const std::string& text, const std::filesystem::path& name) {
    HF_TRY(const YAML::Node document, read_yaml(text, name));
    AccessFile access;
    Mistakes mistakes(name);
    MapReader map(document, "", mistakes);
    if (const auto roles = map.take("roles")) read_roles(*roles, access.roles, mistakes, name);
    map.texts("anonymous", access.anonymous);
    for (const std::string& role : access.anonymous)
        if (std::ranges::find(access.roles, role, &AccessRole::name) == access.roles.end())
            map.wrong(document["anonymous"], "anonymous",
                      fmt::format("there is no role '{}' under `roles`", role));
    map.finish();
    if (!mistakes.empty()) return mistakes.error();
    return access;
}

Result<AccessFile> load_access(const std::filesystem::path& file) {
    HF_TRY(const std::string text, read_file(file));
    return parse_access(text, file);
}

} // namespace holdfast::config
