#include "app/parts/identity_part.hpp"

#include <holdfast/base/log_line.hpp>

#include <chrono>

namespace holdfast::app {

Result<void> IdentityPart::start() {
    identity_ = std::make_unique<identity::Authenticator>(identity::AuthenticatorSettings{},
                                                          ground_.clock, ground_.metrics);
    if (!has_users()) return ok();
    const config::Security& security = ground_.config.security;
    // Watched from before they are read: a change in between is read again.
    files_.emplace(FileWatch({security.access, security.users}));
    users_ = std::make_unique<identity::UserStore>(*identity_, security.access, security.users);
    HF_TRY(users_->reload());
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
    constexpr const char* kAction = "reload users and rights";
    const auto changes = users_->reload();
    if (!changes) {
        log_error("identity", "users and rights stay as they were: {}", changes.error().context);
        ground_.audit.note(
            {"", "", kAction, "", access::AuditOutcome::failed, changes.error().context});
        return;
    }
    log_info("identity", "users and rights were read again: {} users; {}",
             identity_->directory()->users().users.size(),
             changes.value().empty() ? "nothing changed" : changes.value());
    // What a request changed was noted with who did it; the file that it wrote tells nothing new.
    if (!changes.value().empty())
        ground_.audit.note({"", "", kAction, "", access::AuditOutcome::done, changes.value()});
}

} // namespace holdfast::app
