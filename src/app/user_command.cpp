#include "app/user_command.hpp"

#include "app/command_line.hpp"
#include "app/new_password.hpp"
#include "app/site_files.hpp"

#include <holdfast/identity/password.hpp>
#include <holdfast/identity/users.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

namespace holdfast::app {
namespace {

Error no_such_user(const UserArguments& arguments, const config::Security& files) {
    return fail(Errc::not_found,
                fmt::format("{}: there is no user '{}'", files.users.string(), arguments.name));
}

Result<void> check_roles(const std::vector<std::string>& roles, const config::Security& files) {
    HF_TRY(const access::Policy policy, load_policy(files));
    for (const std::string& role : roles)
        if (!policy.has_role(role))
            return fail(Errc::not_found, fmt::format("{}: there is no role '{}'; there are {}",
                                                     files.access.string(), role,
                                                     fmt::join(policy.role_names(), ", ")));
    return ok();
}

struct NewPassword {
    std::string hash;  // empty: none
    std::string shown; // the generated one, to be told when it holds
};

Result<NewPassword> take_password(const UserArguments& arguments) {
    if (arguments.is_without_password) return NewPassword{};
    NewPassword made;
    HF_TRY(const std::string password, arguments.is_generated ? generate_password()
                                       : arguments.is_password_on_input
                                           ? read_password()
                                           : ask_password(arguments.name));
    if (arguments.is_generated) made.shown = password;
    HF_TRY(made.hash, identity::hash_password(password));
    return made;
}

void tell(const NewPassword& made) {
    if (!made.shown.empty()) fmt::print("password: {}\n", made.shown);
}

Result<void> add(const UserArguments& arguments) {
    HF_TRY(const config::Security files, find_users(arguments.config_file));
    if (!identity::is_user_name(arguments.name))
        return fail(Errc::malformed,
                    fmt::format("'{}' is no user name: 1 to {} bytes of UTF-8 without control "
                                "characters, ':' and blanks at its ends",
                                arguments.name, identity::kUserNameBytesMax));
    HF_TRY(check_roles(arguments.roles, files));
    const auto expect_free = [&](const identity::Users& users) -> Result<void> {
        if (users.find(arguments.name) == nullptr) return ok();
        return fail(Errc::already_exists,
                    fmt::format("{}: there is a user '{}' already; `holdfast user passwd` gives "
                                "another password",
                                files.users.string(), arguments.name));
    };
    // Before anybody has to type a password for nothing; asked again under the lock.
    HF_TRY(const identity::Users before, identity::load_users(files.users));
    HF_TRY(expect_free(before));
    HF_TRY(const NewPassword password, take_password(arguments));
    HF_TRY(identity::change_users(files.users, [&](identity::Users& users) -> Result<void> {
        HF_TRY(expect_free(users));
        identity::User user;
        user.name = arguments.name;
        for (const std::string& role : arguments.roles)
            if (std::ranges::find(user.roles, role) == user.roles.end()) user.roles.push_back(role);
        user.password_hash = password.hash;
        users.users.push_back(std::move(user));
        std::ranges::sort(users.users, {}, &identity::User::name);
        return ok();
    }));
    if (arguments.roles.empty())
        fmt::print("user '{}' is there, without a role: it may do nothing yet\n", arguments.name);
    else
        fmt::print("user '{}' is there: {}\n", arguments.name, fmt::join(arguments.roles, ", "));
    tell(password);
    return ok();
}

Result<void> passwd(const UserArguments& arguments) {
    HF_TRY(const config::Security files, find_users(arguments.config_file));
    HF_TRY(const identity::Users before, identity::load_users(files.users));
    if (before.find(arguments.name) == nullptr) return no_such_user(arguments, files);
    HF_TRY(const NewPassword password, take_password(arguments));
    HF_TRY(identity::change_users(files.users, [&](identity::Users& users) -> Result<void> {
        const auto user = std::ranges::find(users.users, arguments.name, &identity::User::name);
        if (user == users.users.end()) return no_such_user(arguments, files);
        user->password_hash = password.hash;
        return ok();
    }));
    fmt::print("user '{}' has {}\n", arguments.name,
               arguments.is_without_password ? "no password any more" : "a new password");
    tell(password);
    return ok();
}

Result<void> role(const UserArguments& arguments) {
    HF_TRY(const config::Security files, find_users(arguments.config_file));
    if (arguments.roles.empty() && arguments.taken_roles.empty())
        return fail(Errc::malformed, "--add or --take says what is to change");
    HF_TRY(check_roles(arguments.roles, files));
    std::vector<std::string> roles;
    HF_TRY(identity::change_users(files.users, [&](identity::Users& users) -> Result<void> {
        const auto user = std::ranges::find(users.users, arguments.name, &identity::User::name);
        if (user == users.users.end()) return no_such_user(arguments, files);
        const auto has = [&](const std::string& one) {
            return std::ranges::find(user->roles, one) != user->roles.end();
        };
        for (const std::string& added : arguments.roles)
            if (!has(added)) user->roles.push_back(added);
        for (const std::string& taken : arguments.taken_roles) {
            if (!has(taken))
                return fail(Errc::not_found,
                            fmt::format("user '{}' has no role '{}'", arguments.name, taken));
            std::erase(user->roles, taken);
        }
        roles = user->roles;
        return ok();
    }));
    fmt::print(
        "user '{}' has {}\n", arguments.name,
        roles.empty() ? "no role: it may do nothing" : fmt::format("{}", fmt::join(roles, ", ")));
    return ok();
}

Result<void> remove(const UserArguments& arguments) {
    HF_TRY(const config::Security files, find_users(arguments.config_file));
    std::size_t tokens = 0;
    HF_TRY(identity::change_users(files.users, [&](identity::Users& users) -> Result<void> {
        if (std::erase_if(users.users, [&](const identity::User& user) {
                return user.name == arguments.name;
            }) == 0)
            return no_such_user(arguments, files);
        tokens = std::erase_if(users.tokens, [&](const identity::Token& token) {
            return token.user == arguments.name;
        });
        return ok();
    }));
    fmt::print("user '{}' is gone{}\n", arguments.name,
               tokens == 0 ? "" : fmt::format(", and {} of its tokens", tokens));
    return ok();
}

Result<void> list(const UserArguments& arguments) {
    HF_TRY(const config::Security files, find_users(arguments.config_file));
    HF_TRY(const identity::Users users, identity::load_users(files.users));
    std::size_t width = 4;
    for (const identity::User& user : users.users) width = std::max(width, user.name.size());
    for (const identity::User& user : users.users) {
        const auto tokens = std::ranges::count(users.tokens, user.name, &identity::Token::user);
        fmt::print("{:{}}  {:8}  {:11}  {:2} tokens  {}\n", user.name, width,
                   user.is_disabled ? "disabled" : "active",
                   user.password_hash.empty() ? "no password" : "password", tokens,
                   user.roles.empty() ? "no role" : fmt::format("{}", fmt::join(user.roles, ", ")));
    }
    return ok();
}

} // namespace

UserCommand::UserCommand(CLI::App& cli) {
    auto* user = cli.add_subcommand("user", "people, devices and programs that may sign in");
    user->require_subcommand(1);
    const auto sub = [&](const char* name, const char* what) {
        auto* command = user->add_subcommand(name, what);
        add_config_option(*command, arguments_.config_file);
        if (std::string_view(name) != "list")
            command->add_option("name", arguments_.name, "of the user")->required();
        return command;
    };
    const auto add_password_options = [&](CLI::App* command) {
        command->footer("Without one of the password's options it is asked for at the terminal.");
        auto* from_input = command->add_flag("--password-stdin", arguments_.is_password_on_input,
                                             "the password is the first line of standard input");
        auto* generated = command->add_flag("--generate", arguments_.is_generated,
                                            "make a password, and print it once");
        command
            ->add_flag("--no-password", arguments_.is_without_password,
                       "for who signs in with a client certificate or a token only")
            ->excludes(from_input)
            ->excludes(generated);
        generated->excludes(from_input);
    };
    add_ = sub("add", "add one");
    add_->add_option("--role", arguments_.roles, "of access.yaml; may be given again")
        ->allow_extra_args(false);
    add_password_options(add_);
    list_ = sub("list", "who there is, with their roles");
    passwd_ = sub("passwd", "give one another password");
    add_password_options(passwd_);
    role_ = sub("role", "change the roles of one");
    role_->add_option("--add", arguments_.roles, "of access.yaml; may be given again")
        ->allow_extra_args(false);
    role_->add_option("--take", arguments_.taken_roles, "one that it has; may be given again")
        ->allow_extra_args(false);
    remove_ = sub("remove", "remove one, with its tokens");
}

std::optional<int> UserCommand::run() const {
    const auto exit_code = [](const Result<void>& outcome) {
        return outcome ? 0 : say_why(outcome.error());
    };
    if (add_->parsed()) return exit_code(add(arguments_));
    if (list_->parsed()) return exit_code(list(arguments_));
    if (passwd_->parsed()) return exit_code(passwd(arguments_));
    if (role_->parsed()) return exit_code(role(arguments_));
    if (remove_->parsed()) return exit_code(remove(arguments_));
    return {};
}

} // namespace holdfast::app
