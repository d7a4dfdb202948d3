#pragma once

#include "app/file_watch.hpp"
#include "app/ground.hpp"
#include "app/parts/part.hpp"

#include <holdfast/identity/authenticator.hpp>
#include <holdfast/identity/user_store.hpp>

#include <memory>
#include <optional>

namespace holdfast::app {

// Users and their rights: read at the start, on SIGHUP, and within a second of a change of one of
// the files.
class IdentityPart final : public Part {
public:
    explicit IdentityPart(Ground& ground) : ground_(ground) {}

    Result<void> start() override;
    void stop() override;
    void reload() override;

    [[nodiscard]] identity::Authenticator& authenticator() const noexcept { return *identity_; }
    // Null without users.
    [[nodiscard]] identity::UserStore* users() const noexcept { return users_.get(); }
    [[nodiscard]] bool has_users() const noexcept { return ground_.config.security.has_users(); }

private:
    Ground& ground_;
    std::unique_ptr<identity::Authenticator> identity_;
    std::unique_ptr<identity::UserStore> users_;
    std::optional<FileWatch> files_;
};

} // namespace holdfast::app
