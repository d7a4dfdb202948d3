#pragma once

// A gate over an access.yaml in a text: who comes is who they say, in the roles that a test gives,
// with "secret" for a password.

#include <holdfast/broker/gate.hpp>
#include <holdfast/config/access_file.hpp>

#include <catch2/catch.hpp>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::broker::test {

class TestGate final : public Gate {
public:
    explicit TestGate(const std::string& access) { change(access); }

    void admit(Credentials credentials, Done done) override {
        access::Principal principal;
        principal.name = credentials.user;
        principal.client_id = credentials.client_id;
        const auto found = roles.find(credentials.user);
        if (!credentials.user.empty()) principal.kind = access::PrincipalKind::user;
        const bool is_known =
            found != roles.end() && (credentials.user.empty() || credentials.password == "secret");
        Admitted answer = fail(Errc::denied, "user or password is wrong");
        if (is_known) {
            principal.roles = found->second;
            principal.password_id = password_ids[credentials.user];
            answer = make(principal);
        }
        if (!is_slow) return done(std::move(answer));
        waiting.emplace_back(std::move(done), std::move(answer));
    }
    std::shared_ptr<const Admission> renew(const access::Principal& was) override {
        const auto found = roles.find(was.name);
        if (found == roles.end()) return nullptr;
        if (was.password_id != 0 && was.password_id != password_ids[was.name]) return nullptr;
        access::Principal principal = was;
        principal.roles = found->second;
        return make(principal);
    }
    std::uint64_t version() const noexcept override { return version_; }

    void change(const std::string& access) {
        auto file = config::parse_access(access, "access.yaml");
        INFO((file ? "" : file.error().context));
        REQUIRE(file);
        auto policy = access::Policy::make(file.value());
        INFO((policy ? "" : policy.error().context));
        REQUIRE(policy);
        policy_ = std::move(policy).value();
        ++version_;
    }
    void remove(const std::string& user) {
        roles.erase(user);
        ++version_;
    }
    void change_password(const std::string& user) {
        ++password_ids[user];
        ++version_;
    }
    void answer_all() {
        for (auto& [done, answer] : std::exchange(waiting, {})) done(std::move(answer));
    }

    std::map<std::string, std::vector<std::string>> roles; // by user; "" = anonymous
    std::map<std::string, std::uint64_t> password_ids;     // 0: came with none
    bool is_slow = false;                                  // answers wait for answer_all()
    std::deque<std::pair<Done, Admitted>> waiting;

private:
    std::shared_ptr<const Admission> make(const access::Principal& principal) const {
        return std::make_shared<const Admission>(
            Admission{principal, policy_.rights_of(principal), version_});
    }
    access::Policy policy_ = access::Policy::unrestricted();
    std::uint64_t version_ = 0;
};

} // namespace holdfast::broker::test
