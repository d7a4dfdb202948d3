#pragma once

#include <holdfast/sql/token.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// Where the parser stands in the tokens of a statement. Never moves past the end token.
class TokenCursor {
public:
    explicit TokenCursor(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

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
};

// Words that cannot be a name without quotes.
[[nodiscard]] bool is_reserved(const Token& token) noexcept;

} // namespace holdfast::sql
