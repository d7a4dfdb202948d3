#include <holdfast/identity/changes.hpp>

#include <holdfast/config/access_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

namespace holdfast::identity {
namespace {

constexpr std::size_t kNamesMax = 20;

// Where a rule stands in its file is no change of it.
bool is_same_rule(const config::AccessRule& a, const config::AccessRule& b) {
    return a.is_deny == b.is_deny && a.actions == b.actions && a.topics == b.topics &&
           a.streams == b.streams && a.areas == b.areas && a.clients == b.clients &&
           a.user == b.user;
}
bool is_same(const config::AccessRole& a, const config::AccessRole& b) {
    return std::ranges::equal(a.rules, b.rules, is_same_rule);
}
bool is_same(const User& a, const User& b) {
    return a == b;
}
bool is_same(const Token& a, const Token& b) {
    return a == b;
}

void add(std::string& out, std::string_view what, const std::vector<std::string_view>& names) {
    if (names.empty()) return;
    const std::size_t shown = std::min(names.size(), kNamesMax);
    out += fmt::format(
        "{}{}: {}", out.empty() ? "" : "; ", what,
        fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
    if (names.size() > shown) out += fmt::format(" and {} more", names.size() - shown);
}

template <class T>
void compare(std::string& out, std::string_view what, const std::vector<T>& was,
             const std::vector<T>& is, std::string T::* name) {
    std::map<std::string_view, const T*> before;
    for (const T& one : was) before.emplace(one.*name, &one);
    std::vector<std::string_view> added;
    std::vector<std::string_view> changed;
    for (const T& one : is) {
        const auto found = before.find(one.*name);
        if (found == before.end()) {
            added.push_back(one.*name);
            continue;
        }
        if (!is_same(*found->second, one)) changed.push_back(one.*name);
        before.erase(found);
    }
    std::vector<std::string_view> removed;
    for (const auto& [left, value] : before) removed.push_back(left);
    add(out, fmt::format("{} added", what), added);
    add(out, fmt::format("{} removed", what), removed);
    add(out, fmt::format("{} changed", what), changed);
}

} // namespace

std::string describe_changes(const Directory& was, const Directory& is) {
    std::string out;
    compare(out, "users", was.users().users, is.users().users, &User::name);
    compare(out, "tokens", was.users().tokens, is.users().tokens, &Token::id);
    const config::AccessFile& before = was.policy().file();
    const config::AccessFile& after = is.policy().file();
    compare(out, "roles", before.roles, after.roles, &config::AccessRole::name);
    if (before.anonymous != after.anonymous)
        add(out, "anonymous has",
            std::vector<std::string_view>(after.anonymous.begin(), after.anonymous.end()));
    if (before.anonymous != after.anonymous && after.anonymous.empty())
        out += std::string(out.empty() ? "" : "; ") + "anonymous has nothing";
    return out;
}

} // namespace holdfast::identity
