#include "app/token_command.hpp"

#include "app/command_line.hpp"
#include "app/site_files.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/column/timestamp.hpp>
#include <holdfast/config/units.hpp>
#include <holdfast/identity/tokens.hpp>
#include <holdfast/identity/users.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>

namespace holdfast::app {
namespace {

constexpr std::uint64_t kLifeMaxMs = 36'500ULL * 86'400'000;

// Epoch milliseconds; 0 = never.
Result<std::int64_t> end_of_life(const std::string& expires, std::int64_t now_ms) {
    if (expires == "never") return std::int64_t{0};
    const auto life_ms = config::parse_duration_ms(expires);
    if (!life_ms || life_ms.value() == 0 || life_ms.value() > kLifeMaxMs)
        return fail(Errc::malformed,
                    fmt::format("--expires {}: a duration as 90d or 12h, at most 36500d, or never",
                                expires));
    return now_ms + static_cast<std::int64_t>(life_ms.value());
}

std::string show_end(const identity::Token& token, std::int64_t now_ms) {
    if (token.expires_ms == 0) return "never expires";
    return fmt::format("{} {}", token.expires_ms <= now_ms ? "expired" : "expires",
                       column::format_timestamp(token.expires_ms * 1000));
}

Result<void> create(const TokenArguments& arguments) {
    HF_TRY(const config::Security files, find_users(arguments.config_file));
    const std::int64_t now_ms = SystemClock().now_ms();
    HF_TRY(const std::int64_t expires_ms, end_of_life(arguments.expires, now_ms));
    const auto made = identity::make_token(arguments.user, arguments.label, now_ms, expires_ms);
    HF_TRY(identity::change_users(files.users, [&](identity::Users& users) -> Result<void> {
        if (users.find(arguments.user) == nullptr)
            return fail(Errc::not_found, fmt::format("{}: there is no user '{}'",
                                                     files.users.string(), arguments.user));
        users.tokens.push_back(made.stored);
        std::ranges::sort(users.tokens, {}, &identity::Token::id);
        return ok();
    }));
    // The token alone on standard output: `TOKEN=$(holdfast token create ...)`.
    fmt::print("{}\n", made.text);
    fmt::print(stderr, "id {}, {}; it is not shown again\n", made.stored.id,
               show_end(made.stored, now_ms));
    return ok();
}

Result<void> list(const TokenArguments& arguments) {
    HF_TRY(const config::Security files, find_users(arguments.config_file));
    HF_TRY(const identity::Users users, identity::load_users(files.users));
    const std::int64_t now_ms = SystemClock().now_ms();
    for (const identity::Token& token : users.tokens)
        fmt::print("{}  {}  made {}, {}{}{}\n", token.id, token.user,
                   column::format_timestamp(token.created_ms * 1000), show_end(token, now_ms),
                   token.label.empty() ? "" : "  ", token.label);
    return ok();
}

Result<void> revoke(const TokenArguments& arguments) {
    HF_TRY(const config::Security files, find_users(arguments.config_file));
    HF_TRY(identity::change_users(files.users, [&](identity::Users& users) -> Result<void> {
        if (std::erase_if(users.tokens, [&](const identity::Token& token) {
                return token.id == arguments.id;
            }) == 0)
            return fail(Errc::not_found,
                        fmt::format("{}: there is no token of the id '{}'; `holdfast token list` "
                                    "shows them",
                                    files.users.string(), arguments.id));
        return ok();
    }));
    fmt::print("token {} is of no use any more\n", arguments.id);
    return ok();
}

} // namespace

TokenCommand::TokenCommand(CLI::App& cli) {
    auto* token = cli.add_subcommand("token", "API tokens, which stand for a user");
    token->require_subcommand(1);
    const auto sub = [&](const char* name, const char* what) {
        auto* command = token->add_subcommand(name, what);
        add_config_option(*command, arguments_.config_file);
        return command;
    };
    create_ = sub("create", "make one, and print it once");
    create_->add_option("user", arguments_.user, "whose rights it has")->required();
    create_->add_option("--label", arguments_.label, "what it is for, shown in the list");
    create_->add_option("--expires", arguments_.expires, "after a time as 90d, or never")
        ->capture_default_str();
    list_ = sub("list", "ids, users, times and labels");
    revoke_ = sub("revoke", "end one");
    revoke_->add_option("id", arguments_.id, "between hft_ and the dot of the token")->required();
}

std::optional<int> TokenCommand::run() const {
    const auto exit_code = [](const Result<void>& outcome) {
        return outcome ? 0 : say_why(outcome.error());
    };
    if (create_->parsed()) return exit_code(create(arguments_));
    if (list_->parsed()) return exit_code(list(arguments_));
    if (revoke_->parsed()) return exit_code(revoke(arguments_));
    return {};
}

} // namespace holdfast::app
