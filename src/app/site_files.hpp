#pragma once

#include <holdfast/access/policy.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/config/security.hpp>

#include <filesystem>
#include <string>

namespace CLI {
class App;
}

namespace holdfast::app {

// `-c`, of each command that works on a site's users, rights and certificates.
void add_config_option(CLI::App& command, std::string& config_file);

// Where a site's users and rights are, out of its configuration. Errors: of config::load(),
// not_found where it names none.
[[nodiscard]] Result<config::Security> find_users(const std::filesystem::path& config_file);

// Roles and rules. Errors: io, malformed, with file and line.
[[nodiscard]] Result<access::Policy> load_policy(const config::Security& files);

} // namespace holdfast::app
