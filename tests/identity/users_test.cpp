// Goal: the users file holds what was put in, survives being changed by two at once, and a damaged
// one is refused with its line rather than read as somebody with fewer or other rights.

#include <holdfast/identity/password.hpp>
#include <holdfast/identity/users.hpp>
#include <support/temp_dir.hpp>

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace holdfast;
using identity::Token;
using identity::User;
using identity::Users;

namespace {

const std::string kHash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo";

Users some_users() {
    Users users;
    users.users = {{"anne", {"operator", "viewer"}, kHash, false},
                   {"press 7", {}, "", true},
                   {"t\u00fcr/+#", {"sensor"}, "", false}};
    users.tokens = {{"abc", "anne", std::string(64, 'a'), 17, 0, "for the dashboard"},
                    {"xyz", "press 7", std::string(64, '0'), 17, 99, ""}};
    return users;
}

} // namespace

TEST_CASE("users come back from text as they were", "[identity]") {
    const auto back = identity::parse_users(identity::to_text(some_users()), "users");
    REQUIRE(back);
    CHECK(back.value() == some_users());
    CHECK(back.value().find("anne")->roles.size() == 2);
    CHECK(back.value().find("bob") == nullptr);
    CHECK(back.value().find_token("xyz")->expires_ms == 99);
}

TEST_CASE("every cut of a users file is refused", "[identity]") {
    const std::string text = identity::to_text(some_users());
    for (std::size_t size = 0; size < text.size(); ++size) {
        CAPTURE(size);
        const auto read = identity::parse_users(std::string_view(text).substr(0, size), "users");
        REQUIRE_FALSE(read);
        CHECK(read.error().code == Errc::malformed);
    }
}

TEST_CASE("a damaged users file is refused with its line", "[identity]") {
    struct Row {
        std::string line;
        const char* reason;
    };
    const std::string digest(64, 'a');
    const auto row = GENERATE_COPY(values<Row>({
        {"user\ta:b\t\t-\tactive", "users:2: not a user's name"},
        {"user\t\t\t-\tactive", "users:2: not a user's name"},
        {"user\ta\t\t-", "users:2: a user has"},
        {"user\ta\t\t-\tgone", "users:2: a user is `active` or `disabled`"},
        {"user\ta\t\tplain\tactive", "users:2: not an argon2id hash"},
        {"user\ta\t\t$argon2i$v=19$m=8,t=1,p=1$a$b\tactive", "users:2: not an argon2id hash"},
        {"user\ta\t\t$argon2id$v=19$m=99999999,t=2,p=1$a$b\tactive", "users:2: a hash of m=999"},
        {"user\ta\t\t-\tactive\r", "users:2: a line ends with LF alone"},
        {"user\ta\t\t-\tactive\nuser\ta\t\t-\tactive", "users:3: user 'a' is given twice"},
        {"token\ti\tghost\t" + digest + "\t0\t0\t", "users:2: a token of 'ghost'"},
        {"user\ta\t\t-\tactive\ntoken\ti\ta\tbeef\t0\t0\t", "users:3: not a SHA-256 hash"},
        {"user\ta\t\t-\tactive\ntoken\ti\ta\t" + digest + "\t-1\t0\t", "users:3: a token has"},
        {"group\ta", "users:2: a line begins with"},
        {"end\t1", "users:2: 1 users and tokens were written, 0 are here"},
        {"end\t0\nuser\ta\t\t-\tactive", "users:3: nothing follows"},
        {"user\ta\t\t-\tactive", "users:3: the line `end` is missing"},
    }));
    CAPTURE(row.line);
    const auto read = identity::parse_users("holdfast users 1\n" + row.line + "\n", "users");
    REQUIRE_FALSE(read);
    CAPTURE(read.error().context);
    CHECK(read.error().context.starts_with(row.reason));
}

TEST_CASE("a file that is not there holds nobody, one of another version is refused",
          "[identity]") {
    const test::TempDir dir;
    const auto file = dir.path() / "users";
    CHECK(identity::load_users(file).value() == Users{});
    std::ofstream(file) << "holdfast users 2\nend\t0\n";
    CHECK(identity::load_users(file).error().context ==
          file.string() + ":1: `holdfast users 1` is expected");
}

TEST_CASE("changes by several at once are all kept, and nobody else reads the file", "[identity]") {
    const test::TempDir dir;
    const auto file = dir.path() / "users";
    constexpr std::size_t kThreads = 4;
    constexpr std::size_t kEach = 10;
    std::vector<std::jthread> threads;
    std::atomic<std::size_t> failures{0};
    for (std::size_t t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (std::size_t i = 0; i < kEach; ++i) {
                const auto add = [&](Users& users) -> Result<void> {
                    users.users.push_back(
                        {"u" + std::to_string(t) + "-" + std::to_string(i), {}, "", false});
                    return ok();
                };
                if (!identity::change_users(file, add)) ++failures;
            }
        });
    threads.clear();
    CHECK(failures == 0);
    CHECK(identity::load_users(file).value().users.size() == kThreads * kEach);
    struct stat found{};
    REQUIRE(::stat(file.c_str(), &found) == 0);
    CHECK((found.st_mode & 0777U) == 0600U);
}

TEST_CASE("a change that is refused leaves the file as it was", "[identity]") {
    const test::TempDir dir;
    const auto file = dir.path() / "users";
    const auto add = [](Users& users) -> Result<void> {
        users.users.push_back({"anne", {}, "", false});
        return ok();
    };
    REQUIRE(identity::change_users(file, add));
    const auto refuse = [](Users& users) -> Result<void> {
        users.users.clear();
        return fail(Errc::already_exists, "no");
    };
    CHECK(identity::change_users(file, refuse).error().code == Errc::already_exists);
    CHECK(identity::load_users(file).value().users.size() == 1);
}

TEST_CASE("what could not be read back is not written", "[identity]") {
    const test::TempDir dir;
    const auto file = dir.path() / "users";
    const auto twice = [](Users& users) -> Result<void> {
        users.users = {{"anne", {}, "", false}, {"anne", {}, "", false}};
        return ok();
    };
    const auto tab = [](Users& users) -> Result<void> {
        users.users = {{"anne", {}, "", false}};
        users.tokens = {{"abc", "anne", std::string(64, 'a'), 0, 0, "a\tb"}};
        return ok();
    };
    CHECK(identity::change_users(file, twice).error().code == Errc::malformed);
    CHECK(identity::change_users(file, tab).error().code == Errc::malformed);
    CHECK_FALSE(std::filesystem::exists(file));
}
