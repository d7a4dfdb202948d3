#pragma once

#include <holdfast/access/audit_event.hpp>
#include <holdfast/gateway/http/request_watch.hpp>
#include <holdfast/gateway/rest/identity_api.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/identity/password.hpp>
#include <holdfast/identity/tokens.hpp>
#include <holdfast/identity/user_store.hpp>
#include <support/temp_dir.hpp>
#include "gateway/tls_http_client.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::test {

class AuditNotes final : public access::AuditSink {
public:
    void note(access::AuditEvent event) override {
        const std::lock_guard lock(mutex_);
        events_.push_back(std::move(event));
    }
    // "anne login done" and so on, without addresses; from then on they are forgotten.
    [[nodiscard]] std::vector<std::string> take() {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> lines;
        for (const auto& event : events_) {
            CHECK(event.address == "127.0.0.1");
            lines.push_back(event.actor + "|" + event.action + "|" + event.resource + "|" +
                            std::string(to_string(event.outcome)) + "|" + event.detail);
        }
        events_.clear();
        return lines;
    }

private:
    std::mutex mutex_;
    std::vector<access::AuditEvent> events_;
};

// Users, rights, tokens and sign-in over REST, with files in a temporary directory: anne may do
// everything, eve reads, ida has no role and no password; all passwords are "correct horse".
struct IdentitySite {
    explicit IdentitySite(bool has_users = true, const TlsDoor* tls = nullptr) {
        std::ofstream(dir.path() / "access.yaml")
            << "roles:\n"
               "  boss: [{allow: all}]\n"
               "  viewer:\n"
               "    - {allow: subscribe, topics: ['plant/{user}/#']}\n"
               "    - {allow: read, streams: ['*'], areas: [alarms]}\n"
               "    - {deny: read, streams: [secret]}\n";
        const auto hash = identity::hash_password("correct horse", {64, 1}).value();
        for (const char* user : {"anne", "eve", "ida"}) {
            auto token = identity::make_token(user, "", clock.now_ms(), 0);
            tokens.push_back(std::move(token));
        }
        if (has_users) {
            REQUIRE(identity::change_users(dir.path() / "users", [&](identity::Users& users) {
                users.users = {{"anne", {"boss"}, hash, false},
                               {"eve", {"viewer"}, hash, false},
                               {"ida", {}, "", false}};
                for (const auto& token : tokens) users.tokens.push_back(token.stored);
                std::ranges::sort(users.tokens, {}, &identity::Token::id);
                return ok();
            }));
            REQUIRE(store.reload());
        }
        const gateway::Identities identities{identity, has_users ? &store : nullptr, audit, clock};
        gateway::add_login_routes(router, identities);
        gateway::add_me_route(router, identities);
        gateway::add_user_routes(router, identities, work);
        gateway::add_password_route(router, identities, work);
        gateway::add_role_route(router, identities);
        gateway::add_token_routes(router, identities, work);
        gateway::HttpDoor door = tls != nullptr ? tls->door() : gateway::HttpDoor{};
        door.identity = &identity;
        door.takes_anonymous = !has_users;
        door.watch = &watch;
        running.emplace(router, std::move(door));
        const std::uint16_t port = running->server().port();
        if (tls != nullptr)
            client = std::make_unique<TlsHttpClient>(port, *tls);
        else
            client = std::make_unique<Client>(port);
    }
    ~IdentitySite() {
        client.reset();
        running->stop();
        work.stop();
        identity.stop();
    }

    // By the user's token.
    Answer as(std::string_view user, std::string_view method, std::string_view target,
              std::string_view body = "") {
        const auto token = std::ranges::find(
            tokens, user, [](const auto& each) -> const auto& { return each.stored.user; });
        return client->send(method, target, body, "Authorization: Bearer " + token->text + "\r\n");
    }
    Answer login(const std::string& user, const std::string& password) {
        return client->send("POST", "/api/v1/login",
                            R"({"user":")" + user + R"(","password":")" + password + "\"}");
    }
    // The headers of a page of a browser that signed in.
    static std::string page(const Answer& login) {
        const auto at = login.head.find("holdfast_session=");
        return "Cookie: " + login.head.substr(at, login.head.find(';', at) - at) +
               "\r\nOrigin: http://localhost\r\n";
    }

    TempDir dir;
    SystemClock clock;
    Metrics metrics;
    identity::Authenticator identity{{}, clock, metrics};
    identity::UserStore store{identity, dir.path() / "access.yaml", dir.path() / "users"};
    AuditNotes audit;
    gateway::RequestWatch watch{clock, metrics, &audit};
    std::vector<identity::NewToken> tokens;
    gateway::WorkQueue work{1};
    gateway::Router router;
    std::optional<RunningServer> running;
    std::unique_ptr<Client> client;
};

} // namespace holdfast::test
