#pragma once

#include <holdfast/access/audit_event.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/gateway/http/router.hpp>

namespace holdfast::identity {
class Authenticator;
class UserStore;
} // namespace holdfast::identity

namespace holdfast::gateway {

class WorkQueue;

// Users and rights as REST works with them. What it refers to outlives the server and the queue.
struct Identities {
    identity::Authenticator& authenticator;
    identity::UserStore* users; // null without users: what needs them is answered with 409
    access::AuditSink& audit;
    const Clock& clock;
};

// docs/rest/login.md: login, logout, and who one is. A changed password is hashed and stored on
// `changes`, one at a time with all other administration.
void add_login_routes(Router& router, const Identities& identities);
void add_me_route(Router& router, const Identities& identities);
// docs/rest/users.md
void add_user_routes(Router& router, const Identities& identities, WorkQueue& changes);
void add_password_route(Router& router, const Identities& identities, WorkQueue& changes);
void add_role_route(Router& router, const Identities& identities);
// docs/rest/tokens.md
void add_token_routes(Router& router, const Identities& identities, WorkQueue& changes);

} // namespace holdfast::gateway
