#include "app/access_command.hpp"

#include "app/command_line.hpp"
#include "app/site_files.hpp"

#include <holdfast/access/action.hpp>
#include <holdfast/access/policy.hpp>
#include <holdfast/identity/directory.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <string_view>

namespace holdfast::app {
namespace {

using access::Action;
using access::Resource;
using access::ResourceKind;

constexpr std::string_view kNobody = "-";

// `kind:name`. Borrows the text.
Result<Resource> parse_resource(std::string_view text) {
    const auto wrong = [&](std::string_view why) {
        return fail(Errc::malformed, fmt::format("'{}' {}", text, why));
    };
    const std::size_t colon = text.find(':');
    const std::string_view kind = text.substr(0, colon);
    const std::string_view name =
        colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    if (name.empty())
        return wrong("is no resource: topic:, filter:, stream:, area: or client:NAME");
    if (kind == "client") return Resource::client_id(name);
    if (kind == "stream") return Resource::stream(name);
    if (kind == "topic") {
        if (!topic::is_topic_name(name)) return wrong("is no topic; with wildcards it is filter:");
        return Resource::topic(name);
    }
    if (kind == "filter") {
        // As the broker does: a shared subscription needs the right to what it is shared of.
        constexpr std::string_view kShare = "$share/";
        const std::size_t group_end =
            name.starts_with(kShare) ? name.find('/', kShare.size()) : std::string_view::npos;
        const std::string_view filter =
            group_end == std::string_view::npos ? name : name.substr(group_end + 1);
        if (!topic::is_topic_filter(filter)) return wrong("is no topic filter");
        return Resource::topic_filter(filter);
    }
    if (kind == "area") {
        if (!access::is_area(name)) return wrong("is no area (docs/format/access.md has them)");
        return Resource::area(name);
    }
    return wrong("is no resource: topic:, filter:, stream:, area: or client:NAME");
}

Result<Action> parse_action_for(const std::string& name, const Resource& resource) {
    const auto action = access::parse_action(name);
    if (!action)
        return fail(Errc::malformed, fmt::format("'{}' is no action: connect, publish, subscribe, "
                                                 "read, write, manage or administer",
                                                 name));
    if (!access::fits(*action, resource.kind))
        return fail(Errc::malformed, fmt::format("one cannot {} a {}", access::to_string(*action),
                                                 access::to_string(resource.kind)));
    return *action;
}

Result<bool> decide(const AccessArguments& arguments) {
    HF_TRY(const Resource resource, parse_resource(arguments.resource));
    HF_TRY(const Action action, parse_action_for(arguments.action, resource));
    HF_TRY(const config::Security files, find_users(arguments.config_file));
    HF_TRY(const auto directory, identity::Directory::load(files.access, files.users));

    access::Principal who = directory->anonymous();
    if (arguments.user != kNobody) {
        const identity::User* user = directory->users().find(arguments.user);
        if (user == nullptr)
            return fail(Errc::not_found, fmt::format("{}: there is no user '{}'",
                                                     files.users.string(), arguments.user));
        auto known = directory->principal(user->name, access::PrincipalKind::user);
        if (!known) {
            fmt::print("denied: the user '{}' is disabled\n", user->name);
            return false;
        }
        who = std::move(*known);
    }
    who.client_id = arguments.client_id;
    if (who.client_id.empty() && resource.kind == ResourceKind::client_id)
        who.client_id = resource.name; // it is the one that connects
    who.common_name = arguments.common_name;
    const access::Decision decision = access::decide(directory->policy(), who, action, resource);
    fmt::print("{}: {}", decision.is_allowed ? "allowed" : "denied", decision.rule);
    // A rule names its role; where none fits, the roles are what to look at.
    if (!decision.is_allowed)
        fmt::print(" ({})", who.roles.empty()
                                ? "no role"
                                : fmt::format("roles: {}", fmt::join(who.roles, ", ")));
    fmt::print("\n");
    return decision.is_allowed;
}

} // namespace

AccessCommand::AccessCommand(CLI::App& cli) {
    auto* access = cli.add_subcommand("access", "what somebody may do");
    access->require_subcommand(1);
    test_ = access->add_subcommand("test", "ask the files, and which rule decides");
    add_config_option(*test_, arguments_.config_file);
    test_->add_option("user", arguments_.user, "a user's name; - for clients without one")
        ->required();
    test_
        ->add_option("action", arguments_.action,
                     "connect, publish, subscribe, read, write, manage or administer")
        ->required();
    test_
        ->add_option("resource", arguments_.resource,
                     "topic:plant/a, filter:plant/#, stream:x, area:rules or client:id")
        ->required();
    test_->add_option("--client", arguments_.client_id, "the client id, for rules with {client}");
    test_->add_option("--cn", arguments_.common_name,
                      "the name in the client's certificate, for rules with {cn}");
    test_->footer(
        "The files are those of the configuration as they are now; a running server has read\n"
        "them if its log does not say otherwise. Exit code 0 allowed, 1 denied, 2 where the\n"
        "question or a file is wrong, with the reason on standard error.");
}

std::optional<int> AccessCommand::run() const {
    if (!test_->parsed()) return {};
    const auto decided = decide(arguments_);
    if (!decided) return say_why(decided.error(), kExitUndecided);
    return decided.value() ? 0 : 1;
}

} // namespace holdfast::app
