#include <holdfast/identity/authenticator.hpp>

#include "identity/secret.hpp"

#include <holdfast/identity/password.hpp>
#include <holdfast/identity/tokens.hpp>

#include <fmt/format.h>

#include <cassert>
#include <utility>

namespace holdfast::identity {
namespace {

constexpr const char* kLogins = "holdfast_logins";
constexpr const char* kLoginsHelp = "Attempts to say who one is, by outcome.";

// One text for an unknown user, a disabled one and a wrong password: which of them it was is for
// the log, not for whoever tries.
Error wrong() {
    return fail(Errc::denied, "user name or password is wrong");
}

// Never empty: without memory for it no password could be checked either.
std::string make_decoy() {
    auto made = hash_password(make_secret(16));
    return made ? std::move(made).value() : std::string("$argon2id$");
}

} // namespace

Authenticator::Authenticator(AuthenticatorSettings settings, const Clock& clock, Metrics& metrics)
    : settings_(settings),
      clock_(clock),
      succeeded_(metrics.counter(kLogins, kLoginsHelp, "outcome=\"succeeded\"")),
      failed_(metrics.counter(kLogins, kLoginsHelp, "outcome=\"failed\"")),
      refused_(metrics.counter(kLogins, kLoginsHelp, "outcome=\"refused\"")),
      lockout_(settings.lockout),
      cookies_(settings.cookies),
      memory_secret_(make_secret(32)),
      decoy_hash_(make_decoy()),
      directory_(Directory::open_to_all()) {
    for (std::size_t i = 0; i < settings_.threads; ++i) threads_.emplace_back([this] { work(); });
}

Authenticator::~Authenticator() {
    stop();
}

void Authenticator::stop() {
    std::deque<Check> left;
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        left.swap(waiting_);
    }
    wakes_.notify_all();
    threads_.clear(); // joins
    for (Check& check : left) check.done(fail(Errc::closed, "the server is stopping"));
}

std::shared_ptr<const Directory> Authenticator::directory() const {
    const std::lock_guard lock(mutex_);
    return directory_;
}

bool Authenticator::has_users() const {
    return !directory()->policy().is_unrestricted();
}

void Authenticator::replace(std::shared_ptr<const Directory> directory) {
    assert(directory != nullptr);
    {
        const std::lock_guard lock(mutex_);
        std::swap(directory_, directory);
        version_.fetch_add(1, std::memory_order_release);
    }
    // Whoever got another password was perhaps found out: what was opened with the old one ends.
    const auto now = this->directory();
    for (const User& was : directory->users().users) {
        const User* is = now->users().find(was.name);
        if (is == nullptr || is->is_disabled || is->password_hash != was.password_hash)
            cookies_.close_all_of(was.name);
    }
    for (const auto& follower : followers_) follower();
}

void Authenticator::add_follower(std::function<void()> follower) {
    followers_.push_back(std::move(follower));
}

std::string Authenticator::sign_in(const access::Principal& principal) {
    return cookies_.open({principal.name, principal.password_id}, clock_.monotonic_ms());
}

std::optional<std::string> Authenticator::sign_out(std::string_view cookie) {
    const auto owner = cookies_.find(cookie, clock_.monotonic_ms());
    cookies_.close(cookie);
    if (!owner) return std::nullopt;
    return owner->user;
}

// What a remembered password is known by. The hash is in it, so another password of the same user
// is another key, and of no use once the file has changed.
std::string Authenticator::memory_key(const User& user, std::string_view password) const {
    std::string text = user.name;
    text += '\n';
    text += user.password_hash;
    text += '\n';
    text += password;
    return hmac_sha256(memory_secret_, text);
}

access::Principal Authenticator::recognised(const Directory& directory, const Check& check) {
    auto principal = directory.principal(check.user, access::PrincipalKind::user);
    assert(principal); // it was looked up in the same directory
    principal->address = check.address;
    return std::move(*principal);
}

bool Authenticator::remembers(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = remembered_.find(key);
    return found != remembered_.end() && clock_.monotonic_ms() < found->second;
}

void Authenticator::remember(const std::string& key) {
    const std::int64_t now_ms = clock_.monotonic_ms();
    const std::lock_guard lock(mutex_);
    if (remembered_.size() >= settings_.remembered_max)
        std::erase_if(remembered_, [&](const auto& entry) { return entry.second <= now_ms; });
    // Full of what is still good: begin anew, at the price of one check each.
    if (remembered_.size() >= settings_.remembered_max) remembered_.clear();
    remembered_[key] = now_ms + settings_.remember_ms;
}

void Authenticator::check_password(std::string user, std::string password, std::string address,
                                   Done done) {
    const auto directory = this->directory();
    const User* known = directory->users().find(user);
    Check check{std::move(user), std::move(password), std::move(address), std::move(done)};
    if (known != nullptr && !known->is_disabled && !known->password_hash.empty()) {
        if (remembers(memory_key(*known, check.password))) {
            succeeded_.add();
            return check.done(recognised(*directory, check));
        }
    }
    const std::int64_t wait_ms = lockout_.wait_ms(check.user, check.address, clock_.monotonic_ms());
    if (wait_ms > 0) {
        refused_.add();
        return check.done(
            fail(Errc::limit_exceeded,
                 fmt::format("too many failures: try again in {} s", (wait_ms + 999) / 1000)));
    }
    {
        const std::lock_guard lock(mutex_);
        if (!is_stopping_ && waiting_.size() < settings_.waiting_max) {
            waiting_.push_back(std::move(check));
            wakes_.notify_one();
            return;
        }
    }
    refused_.add();
    check.done(fail(Errc::limit_exceeded, "too many passwords are being checked: try again"));
}

std::int64_t Authenticator::wait_ms(std::string_view user, std::string_view address) {
    return lockout_.wait_ms(user, address, clock_.monotonic_ms());
}

void Authenticator::work() {
    for (;;) {
        std::unique_lock lock(mutex_);
        wakes_.wait(lock, [&] { return is_stopping_ || !waiting_.empty(); });
        if (is_stopping_) return;
        const Check check = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        check.done(run(check));
    }
}

Result<access::Principal> Authenticator::run(const Check& check) {
    const auto directory = this->directory();
    const User* known = directory->users().find(check.user);
    const bool can_succeed =
        known != nullptr && !known->is_disabled && !known->password_hash.empty();
    // Nobody's password takes as long as somebody's: the time must not tell which names exist.
    const bool is_right =
        verify_password(check.password, can_succeed ? known->password_hash : decoy_hash_);
    if (!is_right || !can_succeed) {
        failed_.add();
        lockout_.failed(check.user, check.address, clock_.monotonic_ms());
        return wrong();
    }
    succeeded_.add();
    lockout_.succeeded(check.user, check.address);
    remember(memory_key(*known, check.password));
    return recognised(*directory, check);
}

Result<access::Principal> Authenticator::check_token(std::string_view text,
                                                     std::string_view address) {
    const auto directory = this->directory();
    const auto parts = parse_token(text);
    const Token* token = parts ? directory->users().find_token(parts->id) : nullptr;
    if (token != nullptr && is_valid(*token, parts->secret, clock_.now_ms()))
        if (auto principal = directory->principal(token->user, access::PrincipalKind::token)) {
            principal->address = address;
            principal->token_id = token->id;
            return std::move(*principal);
        }
    failed_.add();
    return fail(Errc::denied, "the token is unknown, expired or revoked");
}

Result<access::Principal> Authenticator::check_cookie(std::string_view cookie,
                                                      std::string_view address) {
    const auto owner = cookies_.find(cookie, clock_.monotonic_ms());
    if (owner) {
        auto principal = directory()->principal(owner->user, access::PrincipalKind::user);
        // A session that was opened while its password was being changed has the old one.
        if (principal && principal->password_id == owner->password_id) {
            principal->address = address;
            return std::move(*principal);
        }
    }
    return fail(Errc::denied, "the session is over: sign in again");
}

} // namespace holdfast::identity
