#include "app/parts/identity_part.hpp"

#include <holdfast/base/log_line.hpp>

#include <chrono>
#include <utility>

namespace holdfast::app {

Result<void> IdentityPart::start() {
    identity_ = std::make_unique<identity::Authenticator>(identity::AuthenticatorSettings{},
                                                          ground_.clock, ground_.metrics);
    if (!has_users()) return ok();
    const config::Security& security = ground_.config.security;
    // Watched from before they are read: a change in between is read again.
    files_.emplace(FileWatch({security.access, security.users}));
    HF_TRY(auto directory, identity::Directory::load(security.access, security.users));
    identity_->replace(std::move(directory));
    ground_.housekeeping.add("users and rights", std::chrono::seconds(1), [this]() -> Result<void> {
        if (files_->has_changed()) reload();
        return ok();
    });
    return ok();
}

void IdentityPart::stop() {
    if (identity_) identity_->stop();
}

void IdentityPart::reload() {
    if (!has_users()) return;
    const config::Security& security = ground_.config.security;
    auto directory = identity::Directory::load(security.access, security.users);
    if (!directory) {
        log_error("identity", "users and rights stay as they were: {}", directory.error().context);
        return;
    }
    const std::size_t users = directory.value()->users().users.size();
    identity_->replace(std::move(directory).value());
    log_info("identity", "users and rights were read again: {} users", users);
}

} // namespace holdfast::app
