#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/identity/authenticator.hpp>
#include <holdfast/identity/users.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>

namespace holdfast::identity {

// The site's two files while the server runs. Whoever changes users, or reads the files again, does
// it here, and all doors know when it returns. Thread-safe; its calls block for the disk. The
// authenticator outlives it.
class UserStore {
public:
    UserStore(Authenticator& authenticator, std::filesystem::path access_file,
              std::filesystem::path users_file)
        : authenticator_(authenticator),
          access_file_(std::move(access_file)),
          users_file_(std::move(users_file)) {}

    // Reads both files again. What changed, as describe_changes() says it: empty where nothing did.
    // Errors: of Directory::load(); then all stays as it was.
    [[nodiscard]] Result<std::string> reload();

    enum class Outcome : std::uint8_t {
        done,
        leaves_no_administrator, // refused: nobody could change users any more
    };
    // Changes the users file under its lock. `change` may be asked about users that somebody else
    // wrote a moment ago: it looks again at what it relies on. Errors: of `change`, of
    // change_users(), and malformed for a role that access.yaml has not.
    using Change = std::function<Result<void>(Users&)>;
    [[nodiscard]] Result<Outcome> change(const Change& change);

private:
    Authenticator& authenticator_;
    const std::filesystem::path access_file_;
    const std::filesystem::path users_file_;
    std::mutex mutex_; // from reading the files to replace(): an older directory never follows
};

} // namespace holdfast::identity
