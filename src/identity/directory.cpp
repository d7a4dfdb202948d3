#include <holdfast/identity/directory.hpp>

#include <fmt/format.h>

namespace holdfast::identity {

std::shared_ptr<const Directory> Directory::open_to_all() {
    return std::make_shared<const Directory>(access::Policy::unrestricted(), Users{});
}

Result<std::shared_ptr<const Directory>> Directory::make(access::Policy policy, Users users,
                                                         std::string_view users_name) {
    for (const User& user : users.users)
        for (const std::string& role : user.roles)
            if (!policy.has_role(role))
                return fail(
                    Errc::malformed,
                    fmt::format("{}: user '{}' has the role '{}', which access.yaml has not",
                                users_name, user.name, role));
    return std::make_shared<const Directory>(std::move(policy), std::move(users));
}

Result<std::shared_ptr<const Directory>> Directory::load(const std::filesystem::path& access_file,
                                                         const std::filesystem::path& users_file) {
    HF_TRY(const config::AccessFile access, config::load_access(access_file));
    HF_TRY(access::Policy policy, access::Policy::make(access));
    HF_TRY(Users users, load_users(users_file));
    return make(std::move(policy), std::move(users), users_file.string());
}

std::optional<access::Principal> Directory::principal(std::string_view user,
                                                      access::PrincipalKind kind) const {
    const User* found = users_.find(user);
    if (found == nullptr || found->is_disabled) return std::nullopt;
    access::Principal principal;
    principal.name = found->name;
    principal.kind = kind;
    principal.roles = found->roles;
    if (kind == access::PrincipalKind::user) principal.password_id = password_id(*found);
    return principal;
}

access::Principal Directory::anonymous() const {
    access::Principal nobody;
    nobody.roles = policy_.anonymous_roles();
    return nobody;
}

std::optional<access::Principal> Directory::renewed(const access::Principal& was) const {
    access::Principal now = was;
    if (was.kind == access::PrincipalKind::anonymous) {
        now.roles = policy_.anonymous_roles();
        return now;
    }
    const User* found = users_.find(was.name);
    if (found == nullptr || found->is_disabled) return std::nullopt;
    if (was.password_id != 0 && was.password_id != password_id(*found)) return std::nullopt;
    if (!was.token_id.empty()) {
        const Token* token = users_.find_token(was.token_id);
        if (token == nullptr || token->user != was.name) return std::nullopt;
    }
    now.roles = found->roles;
    return now;
}

} // namespace holdfast::identity
