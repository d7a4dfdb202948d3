#pragma once

#include <holdfast/gateway/http/message.hpp>
#include <holdfast/gateway/rest/identity_api.hpp>
#include <holdfast/identity/user_store.hpp>

#include <boost/json/object.hpp>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::gateway {

// What requests about users and tokens have in common.

// 409: there are none, and how to get them.
[[nodiscard]] HttpResponse without_users();

// The members of the object that the body is. malformed, naming it, for one that is not in `known`.
[[nodiscard]] Result<boost::json::object> read_members(
    std::string_view body, std::initializer_list<std::string_view> known);
// malformed, naming it, where it is missing, or no text.
[[nodiscard]] Result<std::string> text_member(const boost::json::object& members,
                                              std::string_view name);
// Nothing where it is missing. malformed, naming it, where it is no text.
[[nodiscard]] Result<std::optional<std::string>> optional_text(const boost::json::object& members,
                                                               std::string_view name);

// Changes users and gives `done`'s answer; 409 where nobody could change them any more.
[[nodiscard]] Result<HttpResponse> change_users(const Identities& identities,
                                                const identity::UserStore::Change& change,
                                                const std::function<HttpResponse()>& done);

// The header of a cookie of a session; an empty `value` takes it away.
[[nodiscard]] std::pair<std::string, std::string> set_cookie(std::string_view value, bool is_tls);

// Whether the caller may change users, hence everything.
[[nodiscard]] bool may_administer_users(const HttpRequest& request);

} // namespace holdfast::gateway
