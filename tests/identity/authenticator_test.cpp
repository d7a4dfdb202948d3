// Goal: the right secret of an active user is taken, nothing else is, and trying costs whoever
// tries. Method: a directory in memory and a clock that stands; answers are waited for.

#include <holdfast/identity/authenticator.hpp>
#include <holdfast/identity/password.hpp>
#include <holdfast/identity/tokens.hpp>

#include <catch2/catch.hpp>

#include <future>
#include <string>
#include <vector>

using namespace holdfast;
using access::PrincipalKind;
using identity::Directory;
using identity::Users;

namespace {

constexpr identity::PasswordCost kCheap{64, 1}; // of a test: what it costs is not the question

access::Policy some_policy() {
    const auto file = config::parse_access(
        "roles:\n  sensor: []\n  viewer: []\nanonymous: [viewer]\n", "access.yaml");
    return access::Policy::make(file.value()).value();
}

std::shared_ptr<const Directory> directory_of(Users users) {
    const auto made = Directory::make(some_policy(), std::move(users), "users");
    INFO((made ? "" : made.error().context));
    REQUIRE(made);
    return made.value();
}

struct Bench {
    ManualClock clock;
    Metrics metrics;
    identity::AuthenticatorSettings settings;
    std::string hash = identity::hash_password("correct horse", kCheap).value();
    Users users{{{"anne", {"viewer"}, hash, false},
                 {"gone", {"viewer"}, hash, true},
                 {"press", {"sensor"}, "", false}},
                {}};
    std::unique_ptr<identity::Authenticator> authenticator;

    identity::Authenticator& start() {
        authenticator = std::make_unique<identity::Authenticator>(settings, clock, metrics);
        authenticator->replace(directory_of(users));
        return *authenticator;
    }
    Result<access::Principal> ask(const std::string& user, const std::string& password,
                                  const std::string& address = "10.0.0.1") {
        std::promise<Result<access::Principal>> answer;
        authenticator->check_password(user, password, address,
                                      [&](auto outcome) { answer.set_value(std::move(outcome)); });
        return answer.get_future().get();
    }
};

} // namespace

TEST_CASE("a password is taken from an active user that has one", "[identity]") {
    Bench bench;
    bench.start();
    const auto anne = bench.ask("anne", "correct horse");
    REQUIRE(anne);
    CHECK(anne.value().name == "anne");
    CHECK(anne.value().kind == PrincipalKind::user);
    CHECK(anne.value().roles == std::vector<std::string>{"viewer"});
    CHECK(anne.value().address == "10.0.0.1");
    for (const auto& [user, password] :
         std::vector<std::pair<std::string, std::string>>{{"anne", "wrong horse"},
                                                          {"anne", ""},
                                                          {"gone", "correct horse"},
                                                          {"press", ""},
                                                          {"press", "correct horse"},
                                                          {"nobody", "correct horse"}}) {
        CAPTURE(user, password);
        const auto refused = bench.ask(user, password, "10.0.0." + user);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == Errc::denied);
        CHECK(refused.error().context == "user name or password is wrong");
    }
}

TEST_CASE("whoever guesses waits longer each time, and nobody else does", "[identity]") {
    Bench bench;
    bench.start();
    for (int i = 0; i < 5; ++i) CHECK(bench.ask("anne", "wrong").error().code == Errc::denied);
    CHECK(bench.ask("anne", "correct horse").error().context ==
          "too many failures: try again in 1 s");
    CHECK(bench.ask("anne", "correct horse", "10.0.0.2")); // from elsewhere
    bench.clock.advance_ms(1'000);
    CHECK(bench.ask("anne", "wrong").error().code == Errc::denied);
    CHECK(bench.ask("anne", "wrong").error().context == "too many failures: try again in 2 s");
    bench.clock.advance_ms(301'000); // past what was remembered of the other address, too
    CHECK(bench.ask("anne", "correct horse"));
}

TEST_CASE("an address that tries many names waits, whatever the name", "[identity]") {
    Bench bench;
    bench.start();
    for (int i = 0; i < 20; ++i)
        CHECK(bench.ask("name" + std::to_string(i), "wrong").error().code == Errc::denied);
    CHECK(bench.ask("press", "wrong").error().code == Errc::limit_exceeded);
    CHECK(bench.ask("press", "wrong", "10.0.0.2").error().code == Errc::denied);
}

TEST_CASE("a password that was right is not hashed again until it changes", "[identity]") {
    Bench bench;
    bench.start();
    REQUIRE(bench.ask("anne", "correct horse"));
    // Failures lock the address out; what was proven stays so.
    for (int i = 0; i < 20; ++i) (void)bench.ask("x" + std::to_string(i), "wrong");
    CHECK(bench.ask("anne", "correct horse"));
    bench.users.users[0].password_hash = identity::hash_password("another one", kCheap).value();
    bench.authenticator->replace(directory_of(bench.users));
    CHECK_FALSE(bench.ask("anne", "correct horse"));
    CHECK_FALSE(bench.ask("anne", "correct horse", "10.0.0.9"));
    CHECK(bench.ask("anne", "another one", "10.0.0.8"));
}

TEST_CASE("one check more than may wait is refused, and a stop answers all", "[identity]") {
    Bench bench;
    bench.settings.threads = 0; // nothing is worked off
    bench.settings.waiting_max = 2;
    identity::Authenticator& authenticator = bench.start();
    std::vector<Errc> answers;
    const auto note = [&](const Result<access::Principal>& outcome) {
        answers.push_back(outcome.error().code);
    };
    for (int i = 0; i < 3; ++i) authenticator.check_password("anne", "a password", "a", note);
    CHECK(answers == std::vector<Errc>{Errc::limit_exceeded});
    authenticator.stop();
    CHECK(answers == std::vector<Errc>{Errc::limit_exceeded, Errc::closed, Errc::closed});
}

TEST_CASE("a token stands for its user until it expires or is revoked", "[identity]") {
    Bench bench;
    const std::int64_t now_ms = bench.clock.now_ms();
    const auto made = identity::make_token("anne", "ci", now_ms, now_ms + 1'000);
    const auto of_gone = identity::make_token("gone", "", now_ms, 0);
    bench.users.tokens = {made.stored, of_gone.stored};
    std::ranges::sort(bench.users.tokens, {}, &identity::Token::id);
    identity::Authenticator& authenticator = bench.start();
    const auto anne = authenticator.check_token(made.text, "10.0.0.1");
    REQUIRE(anne);
    CHECK(anne.value().name == "anne");
    CHECK(anne.value().kind == PrincipalKind::token);
    std::string other = made.text;
    other.back() = other.back() == 'A' ? 'B' : 'A';
    for (const std::string& text :
         {other, std::string(), std::string("hft_"), made.text + "x", made.text.substr(4),
          of_gone.text, "hft_" + made.stored.id + "."})
        CHECK_FALSE(authenticator.check_token(text, "10.0.0.1"));
    bench.clock.advance_ms(1'000);
    CHECK_FALSE(authenticator.check_token(made.text, "10.0.0.1"));
}

TEST_CASE("a signed-in browser is known until it is idle, old, signed out or changed",
          "[identity]") {
    Bench bench;
    identity::Authenticator& authenticator = bench.start();
    identity::CookieSessions& cookies = authenticator.cookies();
    const auto anne = *authenticator.directory()->principal("anne", PrincipalKind::user);
    const std::string cookie = authenticator.sign_in(anne);
    CHECK(authenticator.check_cookie(cookie, "a").value().name == "anne");
    CHECK_FALSE(authenticator.check_cookie(cookie + "x", "a"));
    CHECK_FALSE(authenticator.check_cookie("", "a"));
    bench.clock.advance_ms(12LL * 3'600'000 - 1);
    CHECK(authenticator.check_cookie(cookie, "a"));
    bench.clock.advance_ms(12LL * 3'600'000);
    CHECK_FALSE(authenticator.check_cookie(cookie, "a"));
    CHECK(cookies.size() == 0);

    const std::string out = authenticator.sign_in(anne);
    cookies.close(out);
    CHECK_FALSE(authenticator.check_cookie(out, "a"));

    const std::string changed = authenticator.sign_in(anne);
    bench.users.users[0].password_hash = identity::hash_password("another one", kCheap).value();
    authenticator.replace(directory_of(bench.users));
    CHECK_FALSE(authenticator.check_cookie(changed, "a"));
}

TEST_CASE("signed-in browsers are bounded: the longest idle one goes", "[identity]") {
    identity::CookieSessions cookies({1'000'000, 10'000'000, 2});
    const std::string first = cookies.open({"a", 1}, 0);
    const std::string second = cookies.open({"b", 1}, 1);
    CHECK(cookies.find(first, 2)->user == "a");
    const std::string third = cookies.open({"c", 1}, 3);
    CHECK(cookies.size() == 2);
    CHECK_FALSE(cookies.find(second, 4));
    CHECK(cookies.find(first, 4)->user == "a");
    CHECK(cookies.find(third, 4)->user == "c");
}

TEST_CASE("what is counted of failures is bounded", "[identity]") {
    identity::LockoutSettings settings;
    settings.entries_max = 10;
    identity::Lockout lockout(settings);
    for (int i = 0; i < 1'000; ++i) lockout.failed("u", "address " + std::to_string(i), i);
    CHECK(lockout.entry_count() == 10);
}

TEST_CASE("a user with a role that there is not stops the load", "[identity]") {
    const auto made =
        Directory::make(some_policy(), {{{"anne", {"vewer"}, "", false}}, {}}, "users");
    REQUIRE_FALSE(made);
    CHECK(made.error().context ==
          "users: user 'anne' has the role 'vewer', which access.yaml has not");
}

TEST_CASE("a live connection's principal follows the files", "[identity]") {
    Bench bench;
    bench.start();
    const access::Principal anne = bench.ask("anne", "correct horse").value();
    bench.users.users[0].roles = {"sensor"};
    auto directory = directory_of(bench.users);
    CHECK(directory->renewed(anne)->roles == std::vector<std::string>{"sensor"});
    bench.users.users[0].is_disabled = true;
    CHECK_FALSE(directory_of(bench.users)->renewed(anne));
    bench.users.users.erase(bench.users.users.begin());
    CHECK_FALSE(directory_of(bench.users)->renewed(anne));
    CHECK(directory->renewed(directory->anonymous())->roles == std::vector<std::string>{"viewer"});
}

TEST_CASE("password hashes are argon2id at the stated cost, salted", "[identity]") {
    const std::string one = identity::hash_password("correct horse").value();
    CHECK(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    CHECK(one != identity::hash_password("correct horse").value());
    CHECK(identity::check_password_hash(one));
    CHECK(identity::verify_password("correct horse", one));
    CHECK_FALSE(identity::verify_password("correct horsf", one));
    CHECK_FALSE(identity::verify_password("", one));
    CHECK_FALSE(identity::hash_password("short"));
}

TEST_CASE("who came with a password is shut out when it is another one", "[identity]") {
    Bench bench;
    identity::Authenticator& authenticator = bench.start();
    const auto by_password = bench.ask("anne", "correct horse").value();
    auto by_certificate = *authenticator.directory()->principal("anne", PrincipalKind::certificate);
    CHECK(authenticator.directory()->renewed(by_password));
    bench.users.users[0].password_hash = identity::hash_password("another one", kCheap).value();
    authenticator.replace(directory_of(bench.users));
    CHECK_FALSE(authenticator.directory()->renewed(by_password));
    CHECK(authenticator.directory()->renewed(by_certificate));
    // A sign-in that was under way when the password changed opened its session too late.
    CHECK_FALSE(authenticator.check_cookie(authenticator.sign_in(by_password), "a"));
}

TEST_CASE("a token's id never begins like an option", "[identity]") {
    for (int i = 0; i < 1'000; ++i)
        REQUIRE_FALSE(identity::make_token("anne", "", 0, 0).stored.id.starts_with('-'));
}
