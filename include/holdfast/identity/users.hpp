#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::identity {

// Somebody with a name: a person, a device or a program.
struct User {
    std::string name;               // is_user_name()
    std::vector<std::string> roles; // of access.yaml
    std::string password_hash;      // argon2id; empty: certificates and tokens only
    bool is_disabled = false;

    friend bool operator==(const User&, const User&) = default;
};

// A secret that stands for a user. The secret itself is shown once, when it is made.
struct Token {
    std::string id;          // [A-Za-z0-9_-], public; ours do not begin with `-`
    std::string user;        // an existing one
    std::string secret_hash; // SHA-256, hexadecimal
    std::int64_t created_ms = 0;
    std::int64_t expires_ms = 0; // 0 = never
    std::string label;           // for people

    friend bool operator==(const Token&, const Token&) = default;
};

// What the users file holds (docs/format/users.md).
struct Users {
    std::vector<User> users;   // by name
    std::vector<Token> tokens; // by id

    [[nodiscard]] const User* find(std::string_view name) const noexcept;
    [[nodiscard]] const Token* find_token(std::string_view id) const noexcept;
    friend bool operator==(const Users&, const Users&) = default;
};

inline constexpr std::size_t kUsersMax = 1'000'000;
inline constexpr std::size_t kUserNameBytesMax = 128;

// UTF-8 of 1 to 128 bytes without control characters, blanks at its ends, or `:` (which HTTP Basic
// cannot carry). Wildcards of MQTT are taken: they widen no right (access).
[[nodiscard]] bool is_user_name(std::string_view name) noexcept;

// Tells the user's password from those before and after, within this process; 0 = none.
[[nodiscard]] std::uint64_t password_id(const User& user) noexcept;

// Text of the file, and back. malformed, as `file:line: reason`; `name` stands for the file.
[[nodiscard]] std::string to_text(const Users& users);
[[nodiscard]] Result<Users> parse_users(std::string_view text, std::string_view name);

// A file that is not there holds nobody. Errors: io, malformed.
[[nodiscard]] Result<Users> load_users(const std::filesystem::path& file);

// Changes the file while holding `FILE.lock`, so that the server and `holdfast user` beside it lose
// nothing of each other's: reads it, calls `change`, and puts the result in its place (mode 0600,
// durable; after a power loss the old or the new one is there). Errors: of `change`, io, malformed
// (also where the result could not be read back).
[[nodiscard]] Result<Users> change_users(const std::filesystem::path& file,
                                         const std::function<Result<void>(Users&)>& change);

} // namespace holdfast::identity
