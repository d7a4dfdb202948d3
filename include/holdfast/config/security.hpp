#pragma once

#include <filesystem>

namespace holdfast::config {

// Where users and their rights are. Without them everybody may do everything, and only loopback
// addresses are listened on.
struct Security {
    std::filesystem::path access; // access.yaml; empty: no users
    std::filesystem::path users;  // the users file; given where `access` is

    [[nodiscard]] bool has_users() const noexcept { return !access.empty(); }
};

} // namespace holdfast::config
