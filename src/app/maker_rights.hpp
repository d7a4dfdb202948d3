#pragma once

#include <holdfast/identity/authenticator.hpp>

#include <string>

namespace holdfast::app {

// Whether those who made rules and models may still do what these do, by the users and rights of
// now: empty, or why not. `made_by` as gateway::maker_of() gives it. Thread-safe; the authenticator
// outlives it.
class MakerRights {
public:
    explicit MakerRights(const identity::Authenticator& identity) : identity_(identity) {}

    [[nodiscard]] std::string refusal_of_rule(const std::string& made_by,
                                              const std::string& sql) const;
    [[nodiscard]] std::string refusal_of_model(const std::string& made_by,
                                               const std::string& source) const;

private:
    const identity::Authenticator& identity_;
};

} // namespace holdfast::app
