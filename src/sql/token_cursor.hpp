#pragma once

#include <holdfast/sql/token.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// Queries have window functions, parameters and casts; rules do not have them yet.
enum class Dialect : std::uint8_t { rule, query };

// Where the parser stands in the tokens of a statement. Never moves past the end token.
class TokenCursor {
public:
    explicit TokenCursor(std::vector<Token> tokens, Dialect dialect = Dialect::rule)
        : tokens_(std::move(tokens)), dialect_(dialect) {}

    // How deep the parsers stand in their own recursion, which a text must not choose.
    [[nodiscard]] std::uint32_t& nesting() noexcept { return nesting_; }
    [[nodiscard]] bool in_query() const noexcept { return dialect_ == Dialect::query; }

    [[nodiscard]] const Token& peek(std::size_t ahead = 0) const noexcept {
        const std::size_t index = at_ + ahead;
        return index < tokens_.size() ? tokens_[index] : tokens_.back();
    }
    const Token& take() noexcept {
        const Token& token = tokens_[at_];
        if (at_ + 1 < tokens_.size()) ++at_;
        return token;
    }
    [[nodiscard]] bool at_end() const noexcept { return peek().kind == TokenKind::end; }

    bool accept(std::string_view keyword) noexcept {
        if (!peek().is(keyword)) return false;
        take();
        return true;
    }
    bool accept_symbol(std::string_view symbol) noexcept {
        if (!peek().is_symbol(symbol)) return false;
        take();
        return true;
    }
    [[nodiscard]] Result<void> expect(std::string_view keyword);
    [[nodiscard]] Result<void> expect_symbol(std::string_view symbol);

    // `line 1, column 5: <what> is expected, not 'x'`.
    [[nodiscard]] Error expected(std::string_view what) const;
    [[nodiscard]] Error not_served(std::string_view what) const; // at the next token

private:
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    Dialect dialect_;
    std::uint32_t nesting_ = 0;
};

// Words that cannot be a name without quotes.
[[nodiscard]] bool is_reserved(const Token& token) noexcept;

} // namespace holdfast::sql
