#pragma once

#include <holdfast/access/policy.hpp>
#include <holdfast/access/principal.hpp>
#include <holdfast/identity/users.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace holdfast::identity {

// Who there is and what they may do, as both files said when they were read last: replaced whole or
// not at all. Immutable, thread-safe.
class Directory {
public:
    // Nobody is known and everybody may do everything: loopback listeners only.
    [[nodiscard]] static std::shared_ptr<const Directory> open_to_all();
    // Reads both files. Errors: io, malformed; also where a user has a role that access.yaml has
    // not: a typing mistake there must not look like a right taken away.
    [[nodiscard]] static Result<std::shared_ptr<const Directory>> load(
        const std::filesystem::path& access_file, const std::filesystem::path& users_file);
    [[nodiscard]] static Result<std::shared_ptr<const Directory>> make(access::Policy policy,
                                                                       Users users,
                                                                       std::string_view users_name);

    Directory(access::Policy policy, Users users) noexcept
        : policy_(std::move(policy)), users_(std::move(users)) {}

    [[nodiscard]] const access::Policy& policy() const noexcept { return policy_; }
    [[nodiscard]] const Users& users() const noexcept { return users_; }

    // The user as a principal; the door adds client id, address and certificate. Nothing where
    // there is no such user, or it is disabled.
    [[nodiscard]] std::optional<access::Principal> principal(std::string_view user,
                                                             access::PrincipalKind kind) const;
    // Somebody without a name.
    [[nodiscard]] access::Principal anonymous() const;
    // The same principal as this directory has it now: its roles may be others. Nothing where its
    // user is gone or disabled, or the password or token that it came with is of no use any more.
    // What a live connection asks after a change.
    [[nodiscard]] std::optional<access::Principal> renewed(const access::Principal& was) const;

private:
    access::Policy policy_;
    Users users_;
};

} // namespace holdfast::identity
