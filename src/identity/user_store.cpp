#include <holdfast/identity/user_store.hpp>

#include <holdfast/identity/administrators.hpp>
#include <holdfast/identity/changes.hpp>

#include <utility>

namespace holdfast::identity {

Result<std::string> UserStore::reload() {
    const std::lock_guard lock(mutex_);
    HF_TRY(auto directory, Directory::load(access_file_, users_file_));
    std::string changes = describe_changes(*authenticator_.directory(), *directory);
    authenticator_.replace(std::move(directory));
    return changes;
}

Result<UserStore::Outcome> UserStore::change(const Change& change) {
    const std::lock_guard lock(mutex_);
    // The rules in force, not those of a file that was edited a moment ago and may be wrong.
    const access::Policy policy = authenticator_.directory()->policy();
    bool is_last = false;
    const auto guarded = [&](Users& users) -> Result<void> {
        const Users before = users;
        HF_TRY(change(users));
        is_last = !has_administrator(policy, users) && has_administrator(policy, before);
        if (is_last) return fail(Errc::denied, "nobody could change users any more");
        HF_TRY(Directory::make(policy, users, users_file_.string()));
        return ok();
    };
    auto users = change_users(users_file_, guarded);
    if (is_last) return Outcome::leaves_no_administrator;
    if (!users) return std::move(users).error();
    HF_TRY(auto directory, Directory::make(policy, std::move(users).value(), users_file_.string()));
    authenticator_.replace(std::move(directory));
    return Outcome::done;
}

} // namespace holdfast::identity
