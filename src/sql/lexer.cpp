#include <holdfast/base/bytes.hpp>
#include <holdfast/sql/token.hpp>

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace holdfast::sql {
namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
bool is_word_start(char c) noexcept {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
}
bool is_word(char c) noexcept {
    return is_word_start(c) || is_digit(c);
}
char upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

std::optional<std::int64_t> unit_us(std::string_view unit) noexcept {
    struct Unit {
        std::string_view name;
        std::int64_t us;
    };
    constexpr std::array kUnits{
        Unit{"us", 1},         Unit{"ms", 1'000},        Unit{"s", 1'000'000},
        Unit{"m", 60'000'000}, Unit{"h", 3'600'000'000}, Unit{"d", 86'400'000'000}};
    for (const Unit& each : kUnits)
        if (each.name == unit) return each.us;
    return std::nullopt;
}

class Lexer {
public:
    explicit Lexer(std::string_view sql) : sql_(sql) {}

    Result<std::vector<Token>> run() {
        std::vector<Token> tokens;
        for (;;) {
            HF_TRY(skip_blank());
            if (tokens.size() == kTokensMax)
                return error_at(Errc::limit_exceeded, here(), "the text has too many words");
            HF_TRY(auto token, next());
            tokens.push_back(std::move(token));
            if (tokens.back().kind == TokenKind::end) return tokens;
        }
    }

private:
    [[nodiscard]] Position here() const noexcept {
        return {line_, static_cast<std::uint32_t>(at_ - line_begin_ + 1)};
    }
    [[nodiscard]] char peek(std::size_t ahead = 0) const noexcept {
        return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0';
    }
    void advance() noexcept {
        if (sql_[at_++] == '\n') {
            ++line_;
            line_begin_ = at_;
        }
    }

    Result<void> skip_blank() {
        while (at_ < sql_.size()) {
            const char c = peek();
            if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                advance();
            } else if (c == '-' && peek(1) == '-') {
                while (at_ < sql_.size() && peek() != '\n') advance();
            } else if (c == '/' && peek(1) == '*') {
                HF_TRY(skip_comment());
            } else {
                break;
            }
        }
        return ok();
    }
    Result<void> skip_comment() {
        const Position start = here();
        const std::size_t end = sql_.find("*/", at_ + 2);
        if (end == std::string_view::npos)
            return error_at(Errc::malformed, start, "this comment does not end");
        while (at_ < end + 2) advance();
        return ok();
    }

    Result<Token> next() {
        Token token;
        token.at = here();
        token.begin = at_;
        if (at_ == sql_.size()) {
            token.end = at_;
            return token;
        }
        const char c = peek();
        if (is_word_start(c)) {
            token.kind = TokenKind::word;
            while (is_word(peek())) {
                HF_TRY(refuse_typography(here()));
                take(token);
            }
        } else if (c == '\'' || c == '"') {
            token.kind = c == '"' ? TokenKind::quoted_word : TokenKind::text;
            HF_TRY(quoted(token, c));
        } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
            HF_TRY(number(token));
        } else {
            HF_TRY(symbol(token));
        }
        token.end = at_;
        return token;
    }

    // What word processors and editors put into a text, and what looks like something else.
    Result<void> refuse_typography(Position at) const {
        struct Sign {
            std::string_view bytes;
            std::string_view what;
        };
        constexpr std::array kSigns{
            Sign{"\xEF\xBB\xBF",
                 "a byte order mark stands here: save the text as UTF-8 without it"},
            Sign{"\xE2\x80\x98", "a typographic quote stands here; say '"},
            Sign{"\xE2\x80\x99", "a typographic quote stands here; say '"},
            Sign{"\xE2\x80\x9A", "a typographic quote stands here; say '"},
            Sign{"\xE2\x80\x9C", "a typographic quote stands here; say \""},
            Sign{"\xE2\x80\x9D", "a typographic quote stands here; say \""},
            Sign{"\xE2\x80\x9E", "a typographic quote stands here; say \""},
            Sign{"\xC2\xA0", "a space that does not break stands here; say an ordinary one"}};
        for (const Sign& sign : kSigns)
            if (sql_.substr(at_).starts_with(sign.bytes))
                return error_at(Errc::malformed, at, sign.what);
        return ok();
    }

    void take(Token& token) {
        token.text += peek();
        advance();
    }

    Result<void> quoted(Token& token, char quote) {
        for (advance(); at_ < sql_.size();) {
            if (peek() != quote) {
                take(token);
                continue;
            }
            advance();
            if (peek() != quote) return ok();
            take(token);
        }
        return error_at(Errc::malformed, token.at, "this quote does not end");
    }

    Result<void> number(Token& token) {
        token.kind = TokenKind::integer;
        while (is_digit(peek())) take(token);
        if (peek() == '.' && is_digit(peek(1))) {
            token.kind = TokenKind::real;
            take(token);
            while (is_digit(peek())) take(token);
        }
        const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
        if ((peek() == 'e' || peek() == 'E') && is_digit(peek(sign))) {
            token.kind = TokenKind::real;
            for (std::size_t i = 0; i < sign; ++i) take(token);
            while (is_digit(peek())) take(token);
        }
        const char* end = token.text.data() + token.text.size();
        if (std::from_chars(token.text.data(), end, token.real).ec != std::errc())
            return error_at(Errc::malformed, token.at, "this number is out of range");
        const bool is_whole = token.kind == TokenKind::integer;
        token.is_wide =
            is_whole && std::from_chars(token.text.data(), end, token.number).ec != std::errc();
        return is_word_start(peek()) ? duration(token) : ok();
    }

    Result<void> duration(Token& token) {
        std::string unit;
        for (; is_word(peek()); advance()) unit += peek();
        const auto us = unit_us(unit);
        if (!us)
            return error_at(Errc::malformed, token.at,
                            fmt::format("'{}' is no unit of time; say ms, s, m, h or d", unit));
        const double whole = token.real * static_cast<double>(*us);
        if (whole > 9e18) return error_at(Errc::malformed, token.at, "this duration is too long");
        token.number = std::llround(whole);
        token.kind = TokenKind::duration;
        token.text += unit;
        return ok();
    }

    Result<void> symbol(Token& token) {
        token.kind = TokenKind::symbol;
        constexpr std::array<std::string_view, 7> kPairs{"<=", ">=", "<>", "!=", "||", "==", "::"};
        for (const std::string_view pair : kPairs) {
            if (sql_.substr(at_, 2) != pair) continue;
            take(token);
            take(token);
            return ok();
        }
        if (std::string_view("+-*/%=<>(),.[];:$@^{}").find(peek()) == std::string_view::npos)
            return error_at(Errc::malformed, token.at,
                            fmt::format("the character {:#04x} is not expected",
                                        static_cast<unsigned>(static_cast<unsigned char>(peek()))));
        take(token);
        return ok();
    }

    std::string_view sql_;
    std::size_t at_ = 0;
    std::size_t line_begin_ = 0;
    std::uint32_t line_ = 1;
};

} // namespace

Error error_at(Errc code, Position at, std::string_view what) {
    return fail(code, fmt::format("line {}, column {}: {}", at.line, at.column, what));
}

bool Token::is(std::string_view keyword) const noexcept {
    if (kind != TokenKind::word || text.size() != keyword.size()) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (upper(text[i]) != keyword[i]) return false;
    return true;
}

Result<std::vector<Token>> tokenize(std::string_view sql) {
    if (sql.size() > kSqlBytesMax)
        return fail(Errc::limit_exceeded, "the SQL text is longer than 1 MiB");
    if (!is_utf8(sql)) return fail(Errc::malformed, "the SQL text is not UTF-8");
    return Lexer(sql).run();
}

} // namespace holdfast::sql
