#pragma once

#include <holdfast/base/result.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::access {

// What stands for the placeholders of a rule when one principal asks.
struct Values {
    std::string_view user;
    std::string_view client;
    std::string_view common_name;
    std::string_view capture; // by the rule's `user` pattern
};

// A text with its placeholders put in: pieces between which any text may stand.
class BoundName {
public:
    explicit BoundName(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
    [[nodiscard]] bool matches(std::string_view name) const noexcept;
    // Where nothing but one text matches.
    [[nodiscard]] const std::string& text() const noexcept { return pieces_.front(); }
    [[nodiscard]] std::string pattern() const; // for people, with `*` between the pieces

private:
    std::vector<std::string> pieces_; // at least one
};

// A name as a rule writes it: literal text, `*` for any text, and `{user}`, `{client}`, `{cn}` or
// the rule's own capture. What stands for a placeholder is text and nothing else: a `*`, `+`, `#`
// or `/` in it means itself.
class NamePattern {
public:
    // malformed: a brace that is not closed, a placeholder that is none of `names`, and `*` where
    // `may_have_stars` is false.
    [[nodiscard]] static Result<NamePattern> parse(std::string_view text, bool may_have_stars,
                                                   std::span<const std::string_view> names);
    // Nothing where a placeholder has no value: an anonymous client has no name.
    [[nodiscard]] std::optional<BoundName> bind(const Values& values) const;

private:
    enum class Kind { text, star, user, client, common_name, capture };
    struct Part {
        Kind kind;
        std::string text; // of Kind::text
    };
    std::vector<Part> parts_;
};

// `truck-{n}`: a name with at most one capture, which a rule asks the principal's name for.
class CapturePattern {
public:
    // malformed: a brace that is not closed, two captures, an empty capture name.
    [[nodiscard]] static Result<CapturePattern> parse(std::string_view text);
    [[nodiscard]] const std::string& capture_name() const noexcept { return capture_name_; }
    // What the capture stands for in `name`, never empty; "" where there is no capture and the text
    // is the name. Nothing where `name` does not fit.
    [[nodiscard]] std::optional<std::string_view> match(std::string_view name) const noexcept;

private:
    std::string before_;
    std::string after_;
    std::string capture_name_; // empty: no capture
};

} // namespace holdfast::access
