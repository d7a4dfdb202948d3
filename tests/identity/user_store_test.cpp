// Goal: users change while the server runs, every door knows at once, and whatever is asked for,
// somebody is left who can change users. Method: files in a temporary directory; random changes
// against the invariant, seeds printed.
#include <holdfast/identity/administrators.hpp>
#include <holdfast/identity/changes.hpp>
#include <holdfast/identity/password.hpp>
#include <holdfast/identity/user_store.hpp>
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <random>
#include <string>

using namespace holdfast;
using identity::Users;
using identity::UserStore;

namespace {

constexpr const char* kAccess =
    "roles:\n"
    "  boss: [{allow: all}]\n"
    "  keeper: [{allow: administer, areas: [users]}]\n"
    "  outcast: [{deny: administer, areas: ['*']}]\n"
    "  viewer: [{allow: read, areas: [alarms]}]\n";

const std::string& some_hash() {
    static const std::string hash = identity::hash_password("correct horse", {64, 1}).value();
    return hash;
}

struct Bench {
    explicit Bench(std::vector<identity::User> users) {
        write(kAccess);
        REQUIRE(identity::change_users(users_file(), [&](Users& all) {
            all.users = users;
            return ok();
        }));
        REQUIRE(store.reload());
    }
    [[nodiscard]] std::filesystem::path users_file() const { return dir.path() / "users"; }
    void write(const char* access) const { std::ofstream(dir.path() / "access.yaml") << access; }
    [[nodiscard]] std::shared_ptr<const identity::Directory> directory() const {
        return authenticator.directory();
    }

    test::TempDir dir;
    SystemClock clock;
    Metrics metrics;
    identity::Authenticator authenticator{{}, clock, metrics};
    UserStore store{authenticator, dir.path() / "access.yaml", dir.path() / "users"};
};

identity::User* find(Users& users, std::string_view name) {
    const auto at = std::ranges::find(users.users, name, &identity::User::name);
    return at == users.users.end() ? nullptr : &*at;
}

} // namespace

TEST_CASE("a change of users is in the file and in force when it is done", "[identity][store]") {
    Bench bench({{"anne", {"boss"}, some_hash(), false}});
    int followed = 0;
    bench.authenticator.add_follower([&] { ++followed; });
    const auto outcome = bench.store.change([](Users& users) -> Result<void> {
        users.users.push_back({"eve", {"viewer"}, "", false});
        return ok();
    });
    REQUIRE(outcome);
    CHECK(outcome.value() == UserStore::Outcome::done);
    CHECK(followed == 1);
    CHECK(bench.directory()->users().find("eve") != nullptr);
    CHECK(identity::load_users(bench.users_file()).value().find("eve") != nullptr);
}

TEST_CASE("a change that cannot be is refused and changes nothing", "[identity][store]") {
    Bench bench({{"anne", {"boss"}, some_hash(), false}});
    const auto before = bench.directory();
    const auto no_role = bench.store.change([](Users& users) -> Result<void> {
        users.users.push_back({"eve", {"viewers"}, "", false});
        return ok();
    });
    REQUIRE_FALSE(no_role);
    CHECK(no_role.error().code == Errc::malformed);
    const auto own = bench.store.change(
        [](Users&) -> Result<void> { return fail(Errc::not_found, "nobody of that name"); });
    REQUIRE_FALSE(own);
    CHECK(own.error().code == Errc::not_found);
    CHECK(bench.directory() == before);
    CHECK(identity::load_users(bench.users_file()).value() == before->users());
}

TEST_CASE("reading the files again says what changed in them", "[identity][store]") {
    Bench bench({{"anne", {"boss"}, some_hash(), false}, {"bob", {"viewer"}, "", false}});
    CHECK(bench.store.reload().value().empty());
    REQUIRE(identity::change_users(bench.users_file(), [](Users& users) {
        find(users, "bob")->is_disabled = true;
        users.users.push_back({"eve", {"viewer"}, "", false});
        return ok();
    }));
    bench.write("roles:\n  boss: [{allow: all}]\n  viewer: []\n");
    CHECK(bench.store.reload().value() ==
          "users added: eve; users changed: bob; roles removed: keeper, outcast; "
          "roles changed: viewer");
    bench.write("roles: 7\n");
    const auto before = bench.directory();
    CHECK_FALSE(bench.store.reload());
    CHECK(bench.directory() == before);
}

TEST_CASE("a file that gives nobody the right to change users may be worked with as it is",
          "[identity][store]") {
    Bench bench({{"bob", {"viewer"}, some_hash(), false}});
    const auto outcome = bench.store.change([](Users& users) -> Result<void> {
        users.users.clear();
        return ok();
    });
    REQUIRE(outcome);
    CHECK(outcome.value() == UserStore::Outcome::done);
}

TEST_CASE("no sequence of changes takes the last administrator away", "[identity][store]") {
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::size_t bound) { return random() % bound; };
    const std::vector<std::string> roles{"boss", "keeper", "outcast", "viewer"};
    const std::vector<std::string> names{"anne", "bob", "eve"};
    Bench bench({{"anne", {"boss"}, some_hash(), false},
                 {"bob", {"keeper"}, some_hash(), false},
                 {"eve", {"viewer"}, some_hash(), false}});
    std::size_t refused = 0;
    for (int i = 0; i < 300; ++i) {
        const std::string& name = names[below(names.size())];
        const std::size_t what = below(5);
        const auto before = bench.directory();
        const auto outcome = bench.store.change([&](Users& users) -> Result<void> {
            identity::User* user = find(users, name);
            if (user == nullptr) {
                users.users.push_back({name, {"viewer"}, some_hash(), false});
                std::ranges::sort(users.users, {}, &identity::User::name);
                return ok();
            }
            if (what == 0)
                std::erase_if(users.users, [&](const auto& u) { return u.name == name; });
            if (what == 1) user->is_disabled = !user->is_disabled;
            if (what == 2) user->password_hash = user->password_hash.empty() ? some_hash() : "";
            if (what == 3) user->roles = {roles[below(roles.size())]};
            if (what == 4) user->roles.push_back(roles[below(roles.size())]);
            return ok();
        });
        REQUIRE(outcome);
        const auto after = bench.directory();
        REQUIRE(identity::has_administrator(after->policy(), after->users()));
        REQUIRE(identity::load_users(bench.users_file()).value() == after->users());
        if (outcome.value() == UserStore::Outcome::done) continue;
        ++refused;
        REQUIRE(after == before);
    }
    CHECK(refused > 0);
}
