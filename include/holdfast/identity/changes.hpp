#pragma once

#include <holdfast/identity/directory.hpp>

#include <string>

namespace holdfast::identity {

// What became another, for people and without a secret: "users added: eve; users changed: bob;
// roles changed: viewer". Names beyond the twentieth of a kind are counted. Empty where nothing
// did. Cost: linear in both.
[[nodiscard]] std::string describe_changes(const Directory& was, const Directory& is);

} // namespace holdfast::identity
