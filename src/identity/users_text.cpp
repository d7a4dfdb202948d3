#include <holdfast/identity/password.hpp>
#include <holdfast/identity/users.hpp>

#include <holdfast/base/bytes.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>

// The file is lines of fields apart by tabs: a line is added by hand, compared and merged as text,
// and no name can hold what ends a field. The last line counts the others, so that a file that
// lost its end is not taken for one of fewer users.
namespace holdfast::identity {
namespace {

constexpr std::string_view kHeader = "holdfast users 1";

bool has_control(std::string_view text) noexcept {
    return std::ranges::any_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    });
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> fields;
    for (;;) {
        const std::size_t end = text.find(at);
        fields.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return fields;
        text.remove_prefix(end + 1);
    }
}

bool read_number(std::string_view text, std::int64_t& out) noexcept {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size() && out >= 0;
}

bool is_hex_digest(std::string_view text) noexcept {
    return text.size() == 64 &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_token_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
}

// One file being read. Errors come without the place; the caller knows it.
class Parser {
public:
    Result<void> line(std::string_view text) {
        if (is_complete_) return fail(Errc::malformed, "nothing follows the line `end`");
        const auto fields = split(text, '\t');
        if (fields[0] == "user") return user(fields);
        if (fields[0] == "token") return token(fields);
        if (fields[0] == "end") return end(fields);
        return fail(Errc::malformed, "a line begins with `user`, `token` or `end`");
    }
    // malformed where the end is missing.
    Result<Users> finish() {
        if (!is_complete_) return fail(Errc::malformed, "the line `end` is missing: cut short");
        std::ranges::sort(users_.users, {}, &User::name);
        std::ranges::sort(users_.tokens, {}, &Token::id);
        return std::move(users_);
    }

private:
    Result<void> user(const std::vector<std::string_view>& fields) {
        if (fields.size() != 5)
            return fail(Errc::malformed, "a user has a name, roles, a hash and a state");
        if (!is_user_name(fields[1])) return fail(Errc::malformed, "not a user's name");
        if (!names_.insert(std::string(fields[1])).second)
            return fail(Errc::malformed, fmt::format("user '{}' is given twice", fields[1]));
        if (names_.size() > kUsersMax) return fail(Errc::malformed, "too many users");
        User user;
        user.name = fields[1];
        if (!fields[2].empty())
            for (const std::string_view role : split(fields[2], ',')) user.roles.emplace_back(role);
        if (fields[3] != "-") {
            HF_TRY(check_password_hash(fields[3]));
            user.password_hash = fields[3];
        }
        if (fields[4] != "active" && fields[4] != "disabled")
            return fail(Errc::malformed, "a user is `active` or `disabled`");
        user.is_disabled = fields[4] == "disabled";
        users_.users.push_back(std::move(user));
        return ok();
    }

    Result<void> token(const std::vector<std::string_view>& fields) {
        Token token;
        if (fields.size() != 7 || !read_number(fields[4], token.created_ms) ||
            !read_number(fields[5], token.expires_ms))
            return fail(Errc::malformed,
                        "a token has an id, a user, a hash, two times and a label");
        if (!is_token_id(fields[1]) || !ids_.insert(std::string(fields[1])).second)
            return fail(Errc::malformed, "not a token's id, or given twice");
        if (!names_.contains(std::string(fields[2])))
            return fail(Errc::malformed,
                        fmt::format("a token of '{}', who stands nowhere above", fields[2]));
        if (!is_hex_digest(fields[3])) return fail(Errc::malformed, "not a SHA-256 hash");
        token.id = fields[1];
        token.user = fields[2];
        token.secret_hash = fields[3];
        token.label = fields[6];
        users_.tokens.push_back(std::move(token));
        return ok();
    }

    Result<void> end(const std::vector<std::string_view>& fields) {
        std::int64_t count = 0;
        const auto found = static_cast<std::int64_t>(users_.users.size() + users_.tokens.size());
        if (fields.size() != 2 || !read_number(fields[1], count))
            return fail(Errc::malformed, "`end` says how many users and tokens there are");
        if (count != found)
            return fail(Errc::malformed,
                        fmt::format("{} users and tokens were written, {} are here", count, found));
        is_complete_ = true;
        return ok();
    }

    Users users_;
    std::set<std::string> names_;
    std::set<std::string> ids_;
    bool is_complete_ = false;
};

} // namespace

bool is_user_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= kUserNameBytesMax && name.front() != ' ' &&
           name.back() != ' ' && !has_control(name) && name.find(':') == std::string_view::npos &&
           is_utf8(name);
}

// The hash has a salt: the same password set again is another one.
std::uint64_t password_id(const User& user) noexcept {
    if (user.password_hash.empty()) return 0;
    return std::max<std::uint64_t>(1, std::hash<std::string>()(user.password_hash));
}

const User* Users::find(std::string_view name) const noexcept {
    const auto at = std::ranges::lower_bound(users, name, {}, &User::name);
    return at != users.end() && at->name == name ? &*at : nullptr;
}

const Token* Users::find_token(std::string_view id) const noexcept {
    const auto at = std::ranges::lower_bound(tokens, id, {}, &Token::id);
    return at != tokens.end() && at->id == id ? &*at : nullptr;
}

std::string to_text(const Users& users) {
    std::string out = fmt::format("{}\n", kHeader);
    for (const User& user : users.users)
        out += fmt::format("user\t{}\t{}\t{}\t{}\n", user.name, fmt::join(user.roles, ","),
                           user.password_hash.empty() ? "-" : user.password_hash,
                           user.is_disabled ? "disabled" : "active");
    for (const Token& token : users.tokens)
        out += fmt::format("token\t{}\t{}\t{}\t{}\t{}\t{}\n", token.id, token.user,
                           token.secret_hash, token.created_ms, token.expires_ms, token.label);
    return out + fmt::format("end\t{}\n", users.users.size() + users.tokens.size());
}

Result<Users> parse_users(std::string_view text, std::string_view name) {
    const auto at = [&](std::size_t line, std::string_view reason) {
        return fail(Errc::malformed, fmt::format("{}:{}: {}", name, line, reason));
    };
    Parser parser;
    std::size_t line = 0;
    while (!text.empty()) {
        ++line;
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return at(line, "the last line is cut short");
        const std::string_view content = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (line == 1) {
            if (content != kHeader) return at(line, fmt::format("`{}` is expected", kHeader));
            continue;
        }
        if (has_control(content) && content.find_first_of("\r") != std::string_view::npos)
            return at(line, "a line ends with LF alone");
        if (const auto read = parser.line(content); !read) return at(line, read.error().context);
    }
    auto users = parser.finish();
    if (!users) return at(line + 1, users.error().context);
    return users;
}

} // namespace holdfast::identity
