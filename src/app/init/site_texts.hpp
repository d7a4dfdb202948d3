#pragma once

#include <filesystem>
#include <string>

namespace holdfast::app {

// The commented files of a new site, as `holdfast init` writes them.

// The configuration: TLS on all interfaces, plain on loopback. `data_dir` is absolute, since what
// is relative would depend on where the server is started.
[[nodiscard]] std::string site_config(const std::filesystem::path& data_dir);

// access.yaml with the roles administrator, operator, device and reader.
[[nodiscard]] std::string site_access();

} // namespace holdfast::app
