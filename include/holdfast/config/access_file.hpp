#pragma once

#include <holdfast/base/result.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::config {

// One rule of a role, typed but not yet checked against what actions and resources there are:
// access::Policy::make() does that, and quotes `where`.
struct AccessRule {
    bool is_deny = false;
    std::vector<std::string> actions; // at least one; "all"
    std::vector<std::string> topics;  // topic patterns with placeholders
    std::vector<std::string> streams; // names, in which `*` is any text
    std::vector<std::string> areas;   // names, or `*`
    std::vector<std::string> clients; // client ids, in which `*` is any text
    std::string user;                 // only for principals of such a name; empty: for all
    std::string where;                // `file:line`
};

struct AccessRole {
    std::string name; // [a-z0-9_-]{1,64}
    std::vector<AccessRule> rules;
};

// access.yaml: who may do what. Written by hand; users are in a file of their own.
struct AccessFile {
    std::vector<AccessRole> roles;      // in the file's order
    std::vector<std::string> anonymous; // roles of clients without a name
};

// Errors as for config::load().
[[nodiscard]] Result<AccessFile> load_access(const std::filesystem::path& file);
[[nodiscard]] Result<AccessFile> parse_access(const std::string& text,
                                              const std::filesystem::path& name);

} // namespace holdfast::config
