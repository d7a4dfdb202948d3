#include "app/maker_rights.hpp"

#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/right.hpp>
#include <holdfast/gateway/rest/rule_rights.hpp>
#include <holdfast/identity/directory.hpp>
#include <holdfast/sql/rule_statement.hpp>

#include <fmt/format.h>

#include <functional>
#include <optional>

namespace holdfast::app {
namespace {

using Check = std::function<Result<void>(const access::Rights&)>;

std::string refusal_of(const identity::Directory& directory, const std::string& made_by,
                       const Check& check) {
    const bool is_named = made_by != gateway::kUnnamedMaker;
    const std::optional<access::Principal> maker =
        is_named ? directory.principal(made_by, access::PrincipalKind::user)
                 : directory.anonymous();
    const std::string who =
        is_named ? fmt::format("its maker '{}'", made_by) : "its maker, who gave no name,";
    if (!maker) return who + " is gone or disabled";
    const auto allowed = check(directory.policy().rights_of(*maker));
    if (allowed) return {};
    return fmt::format("{} may not do it any more: {}", who, allowed.error().context);
}

} // namespace

std::string MakerRights::refusal_of_rule(const std::string& made_by, const std::string& sql) const {
    return refusal_of(*identity_.directory(), made_by, [&](const access::Rights& rights) {
        auto statement = sql::parse_rule(sql);
        if (!statement) return Result<void>(statement.error());
        return gateway::check_rule_rights(rights, statement.value());
    });
}

std::string MakerRights::refusal_of_model(const std::string& made_by,
                                          const std::string& source) const {
    return refusal_of(*identity_.directory(), made_by, [&](const access::Rights& rights) {
        return gateway::check_right(rights, access::Action::read, access::Resource::stream(source));
    });
}

} // namespace holdfast::app
