#include "app/site_files.hpp"

#include <holdfast/config/access_file.hpp>
#include <holdfast/config/config.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace holdfast::app {

void add_config_option(CLI::App& command, std::string& config_file) {
    command.add_option("-c,--config", config_file, "the site's YAML file")->capture_default_str();
}

Result<config::Security> find_users(const std::filesystem::path& config_file) {
    HF_TRY(const config::Config config, config::load(config_file));
    if (!config.security.has_users())
        return fail(Errc::not_found,
                    fmt::format("{} has no users: give it `access: access.yaml` and `users: "
                                "users`, or let `holdfast init DIR` make a site with both",
                                config_file.string()));
    return config.security;
}

Result<access::Policy> load_policy(const config::Security& files) {
    HF_TRY(const config::AccessFile access, config::load_access(files.access));
    return access::Policy::make(access);
}

} // namespace holdfast::app
