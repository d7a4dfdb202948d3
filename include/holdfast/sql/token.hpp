#pragma once

#include <holdfast/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// Where something stands in the text, from 1. Columns count bytes.
struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
};

// `line 1, column 40: <what>`: how every refusal of SQL begins.
[[nodiscard]] Error error_at(Errc code, Position at, std::string_view what);

enum class TokenKind : std::uint8_t {
    end,
    word,
    quoted_word,
    text,
    integer,
    real,
    duration,
    symbol
};

struct Token {
    TokenKind kind = TokenKind::end;
    Position at{};
    std::size_t begin = 0; // byte range in the statement
    std::size_t end = 0;
    std::string text;        // without quotes; a symbol's characters
    std::int64_t number = 0; // integer; duration: microseconds
    double real = 0;         // real
    bool is_wide = false;    // an integer beyond int64, whose value is in `real`

    // A word as a keyword, whatever its case. `keyword` in upper case.
    [[nodiscard]] bool is(std::string_view keyword) const noexcept;
    [[nodiscard]] bool is_symbol(std::string_view symbol) const noexcept {
        return kind == TokenKind::symbol && text == symbol;
    }
};

inline constexpr std::size_t kSqlBytesMax = 1U << 20U; // of one text
inline constexpr std::size_t kTokensMax = 20'000;

// All tokens of `sql`, ended by TokenKind::end. `--` and `/* */` are comments. malformed: a quote
// or comment that does not end, a character that starts nothing, text that is not UTF-8.
// limit_exceeded: kSqlBytesMax, kTokensMax.
[[nodiscard]] Result<std::vector<Token>> tokenize(std::string_view sql);

} // namespace holdfast::sql
