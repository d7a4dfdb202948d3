#include "access/name_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::access {
namespace {

// `{name}` at the start of `rest`: the name, which is taken off. malformed.
Result<std::string_view> take_placeholder(std::string_view& rest) {
    const std::size_t close = rest.find('}');
    if (close == std::string_view::npos)
        return fail(Errc::malformed, fmt::format("'{}': a brace is not closed", rest));
    const std::string_view name = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    return name;
}

} // namespace

bool BoundName::matches(std::string_view name) const noexcept {
    assert(!pieces_.empty());
    if (pieces_.size() == 1) return name == pieces_.front();
    const std::string& last = pieces_.back();
    if (!name.starts_with(pieces_.front())) return false;
    name.remove_prefix(pieces_.front().size());
    // The leftmost place for each piece leaves the most room for those behind it, so no place has
    // to be tried twice.
    for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
        const std::size_t at = name.find(pieces_[i]);
        if (at == std::string_view::npos) return false;
        name.remove_prefix(at + pieces_[i].size());
    }
    return name.ends_with(last);
}

std::string BoundName::pattern() const {
    std::string out = pieces_.front();
    for (std::size_t i = 1; i < pieces_.size(); ++i) out += "*" + pieces_[i];
    return out;
}

Result<NamePattern> NamePattern::parse(std::string_view text, bool may_have_stars,
                                       std::span<const std::string_view> names) {
    NamePattern pattern;
    while (!text.empty()) {
        if (text.front() == '*' && may_have_stars) {
            pattern.parts_.push_back({Kind::star, {}});
            text.remove_prefix(1);
        } else if (text.front() == '*') {
            return fail(Errc::malformed,
                        "`*` stands for any text in names of streams, areas and "
                        "clients only; in a topic write `+` or `#`");
        } else if (text.front() == '{') {
            HF_TRY(const std::string_view name, take_placeholder(text));
            if (std::ranges::find(names, name) == names.end())
                return fail(Errc::malformed, fmt::format("'{{{}}}' is none of {{{}}}", name,
                                                         fmt::join(names, "}, {")));
            const Kind kind = name == "user"     ? Kind::user
                              : name == "client" ? Kind::client
                              : name == "cn"     ? Kind::common_name
                                                 : Kind::capture;
            pattern.parts_.push_back({kind, {}});
        } else {
            const std::size_t end = std::min(text.find_first_of("{*"), text.size());
            pattern.parts_.push_back({Kind::text, std::string(text.substr(0, end))});
            text.remove_prefix(end);
        }
    }
    return pattern;
}

std::optional<BoundName> NamePattern::bind(const Values& values) const {
    std::vector<std::string> pieces(1);
    for (const Part& part : parts_) {
        std::string_view value;
        switch (part.kind) {
            case Kind::star: pieces.emplace_back(); continue;
            case Kind::text: value = part.text; break;
            case Kind::user: value = values.user; break;
            case Kind::client: value = values.client; break;
            case Kind::common_name: value = values.common_name; break;
            case Kind::capture: value = values.capture; break;
        }
        if (value.empty()) return std::nullopt;
        pieces.back() += value;
    }
    return BoundName(std::move(pieces));
}

Result<CapturePattern> CapturePattern::parse(std::string_view text) {
    CapturePattern pattern;
    const std::size_t open = text.find('{');
    pattern.before_ = text.substr(0, open);
    if (open == std::string_view::npos) return pattern;
    text.remove_prefix(open);
    HF_TRY(const std::string_view name, take_placeholder(text));
    if (name.empty()) return fail(Errc::malformed, "`{}` captures nothing: give it a name");
    if (name == "user" || name == "client" || name == "cn")
        return fail(Errc::malformed, fmt::format("'{{{}}}' is the name of a placeholder", name));
    if (text.find('{') != std::string_view::npos)
        return fail(Errc::malformed, "a second capture: one is all that a name can be told by");
    pattern.capture_name_ = name;
    pattern.after_ = text;
    return pattern;
}

std::optional<std::string_view> CapturePattern::match(std::string_view name) const noexcept {
    if (capture_name_.empty())
        return name == before_ ? std::optional<std::string_view>("") : std::nullopt;
    if (name.size() <= before_.size() + after_.size()) return std::nullopt;
    if (!name.starts_with(before_) || !name.ends_with(after_)) return std::nullopt;
    return name.substr(before_.size(), name.size() - before_.size() - after_.size());
}

} // namespace holdfast::access
