#pragma once

#include <holdfast/access/principal.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/identity/cookie_sessions.hpp>
#include <holdfast/identity/directory.hpp>
#include <holdfast/identity/lockout.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace holdfast::identity {

struct AuthenticatorSettings {
    std::size_t threads = 1;       // each check holds a core, and 19 MiB, for its 20 ms
    std::size_t waiting_max = 256; // checks; one more is refused
    // A password that was right is not hashed again for a while: a client that sends Basic with
    // every request, or a fleet that comes back after a restart, costs one check each.
    std::int64_t remember_ms = 300'000;
    std::size_t remembered_max = 20'000;
    LockoutSettings lockout;
    CookieSettings cookies;
};

// Finds out who somebody is. All members are thread-safe; only check_password()'s work blocks, on
// threads of its own. Clock and metrics outlive it.
class Authenticator {
public:
    Authenticator(AuthenticatorSettings settings, const Clock& clock, Metrics& metrics);
    ~Authenticator(); // stop()
    // Ends the threads; checks that wait are answered with closed.
    void stop();

    [[nodiscard]] std::shared_ptr<const Directory> directory() const;
    // Without users everybody may do everything.
    [[nodiscard]] bool has_users() const;
    // Grows with every replace(): whoever keeps rights compares it.
    [[nodiscard]] std::uint64_t version() const noexcept {
        return version_.load(std::memory_order_acquire);
    }
    // From now on. Remembered passwords and cookie sessions of users that changed are forgotten.
    void replace(std::shared_ptr<const Directory> directory);
    // Called after each replace(), on its thread: live connections follow. It must not block. Wired
    // before anybody replaces from another thread.
    void add_follower(std::function<void()> follower);

    // `done` is called once: at once on this thread where no hash is needed, else on one of ours,
    // where it must not block: post it on. Errors: denied (one text for an unknown user and a wrong
    // password), limit_exceeded (locked out: the context says for how long; too many checks
    // waiting), closed.
    using Done = std::function<void(Result<access::Principal>)>;
    void check_password(std::string user, std::string password, std::string address, Done done);
    // How long `user` must wait before a password of it is looked at from `address`; 0 = not.
    [[nodiscard]] std::int64_t wait_ms(std::string_view user, std::string_view address);
    // Errors: denied.
    [[nodiscard]] Result<access::Principal> check_token(std::string_view text,
                                                        std::string_view address);
    [[nodiscard]] Result<access::Principal> check_cookie(std::string_view cookie,
                                                         std::string_view address);

    // A cookie session of whoever gave a password; it ends when that is changed.
    [[nodiscard]] std::string sign_in(const access::Principal& principal);
    // The user whose session the cookie was, which is over now; nothing where there was none.
    std::optional<std::string> sign_out(std::string_view cookie);
    [[nodiscard]] CookieSessions& cookies() noexcept { return cookies_; }

private:
    struct Check {
        std::string user;
        std::string password;
        std::string address;
        Done done;
    };
    void work();
    [[nodiscard]] Result<access::Principal> run(const Check& check);
    [[nodiscard]] static access::Principal recognised(const Directory& directory,
                                                      const Check& check);
    [[nodiscard]] std::string memory_key(const User& user, std::string_view password) const;
    [[nodiscard]] bool remembers(const std::string& key);
    void remember(const std::string& key);

    const AuthenticatorSettings settings_;
    const Clock& clock_;
    Counter& succeeded_;
    Counter& failed_;
    Counter& refused_;
    Lockout lockout_;
    CookieSessions cookies_;
    const std::string memory_secret_; // of this process: what is remembered is of no use elsewhere
    const std::string decoy_hash_;    // what a password of nobody is checked against

    mutable std::mutex mutex_;
    std::condition_variable wakes_;
    std::shared_ptr<const Directory> directory_;               // guarded by mutex_
    std::deque<Check> waiting_;                                // guarded by mutex_
    std::unordered_map<std::string, std::int64_t> remembered_; // until when; guarded by mutex_
    bool is_stopping_ = false;                                 // guarded by mutex_
    std::atomic<std::uint64_t> version_{1};
    std::vector<std::function<void()>> followers_; // before threads: only read later
    std::vector<std::jthread> threads_;
};

} // namespace holdfast::identity
