#include <holdfast/column/json_path.hpp>

#include <charconv>
#include <cmath>
#include <iterator>
#include <string>

namespace holdfast::column {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

std::size_t skip_space(std::string_view json, std::size_t at) noexcept {
    while (at < json.size() &&
           (json[at] == ' ' || json[at] == '\t' || json[at] == '\n' || json[at] == '\r'))
        ++at;
    return at;
}

// Behind the string that begins at `at`, which is a quote.
std::size_t past_string(std::string_view json, std::size_t at) noexcept {
    for (++at; at < json.size(); ++at) {
        if (json[at] == '\\') {
            ++at;
        } else if (json[at] == '"') {
            return at + 1;
        }
    }
    return kNone;
}

// Behind the value that begins at `at`. No recursion: nesting is the text's choice.
std::size_t past_value(std::string_view json, std::size_t at) noexcept {
    if (at >= json.size()) return kNone;
    if (json[at] == '"') return past_string(json, at);
    if (json[at] == '{' || json[at] == '[') {
        std::size_t depth = 0;
        while (at < json.size()) {
            const char c = json[at];
            if (c == '"') {
                at = past_string(json, at);
                if (at == kNone) return kNone;
                continue;
            }
            ++at;
            if (c == '{' || c == '[') ++depth;
            if ((c == '}' || c == ']') && --depth == 0) return at;
        }
        return kNone;
    }
    const std::size_t begin = at;
    while (at < json.size() && json[at] != ',' && json[at] != ']' && json[at] != '}' &&
           json[at] != ' ' && json[at] != '\t' && json[at] != '\n' && json[at] != '\r')
        ++at;
    return at == begin ? kNone : at;
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0U | (code >> 6U));
        put(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        put(0xE0U | (code >> 12U));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    } else {
        put(0xF0U | (code >> 18U));
        put(0x80U | ((code >> 12U) & 0x3FU));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    }
}

// Four hexadecimal digits at `at`; false where there are none.
bool hex4(std::string_view text, std::size_t at, std::uint32_t& out) noexcept {
    if (at + 4 > text.size()) return false;
    const char* begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + 4, out, 16);
    return error == std::errc() && end == begin + 4;
}

// The inside of a JSON string without its escapes; false where one is wrong.
bool unescape(std::string_view inside, std::string& out) {
    for (std::size_t at = 0; at < inside.size(); ++at) {
        if (inside[at] != '\\') {
            out += inside[at];
            continue;
        }
        if (++at == inside.size()) return false;
        switch (inside[at]) {
            case 'b': out += '\b'; break;
            case 'f': out += '\f'; break;
            case 'n': out += '\n'; break;
            case 'r': out += '\r'; break;
            case 't': out += '\t'; break;
            case '"':
            case '\\':
            case '/': out += inside[at]; break;
            case 'u': {
                std::uint32_t code = 0;
                if (!hex4(inside, at + 1, code)) return false;
                at += 4;
                std::uint32_t low = 0;
                const bool is_high = code >= 0xD800 && code < 0xDC00;
                if (is_high && inside.substr(at + 1, 2) == "\\u" && hex4(inside, at + 3, low) &&
                    low >= 0xDC00 && low < 0xE000) {
                    code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
                    at += 6;
                } else if (code >= 0xD800 && code < 0xE000) {
                    return false; // half of a pair is no character
                }
                append_utf8(out, code);
                break;
            }
            default: return false;
        }
    }
    return true;
}

Value number(std::string_view text) noexcept {
    const char* end = text.data() + text.size();
    std::int64_t whole = 0;
    if (text.find_first_of(".eE") == kNone) {
        const auto [stop, error] = std::from_chars(text.data(), end, whole);
        if (error == std::errc() && stop == end) return Value::of_int(whole);
    }
    double real = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, real);
    if (error != std::errc() || stop != end || !std::isfinite(real)) return {};
    return Value::of_float(real);
}

// The whole of `text` as a cell.
Value cell(std::string_view text, TextArena& arena) {
    if (text.empty()) return {};
    switch (text.front()) {
        case '{':
        case '[': return Value::of_text(text);
        case 't': return text == "true" ? Value::of_bool(true) : Value();
        case 'f': return text == "false" ? Value::of_bool(false) : Value();
        case 'n': return {};
        case '"': break;
        default:
            return text.front() == '-' || (text.front() >= '0' && text.front() <= '9')
                       ? number(text)
                       : Value();
    }
    const std::string_view inside = text.substr(1, text.size() - 2);
    if (inside.find('\\') == kNone) return Value::of_text(inside);
    std::string plain;
    return unescape(inside, plain) ? Value::of_text(arena.keep(plain)) : Value();
}

// The value of member `name` of the object `json`; empty where there is none.
std::string_view member_of(std::string_view json, std::string_view name) {
    if (json.empty() || json.front() != '{') return {};
    std::size_t at = skip_space(json, 1);
    while (at < json.size() && json[at] == '"') {
        const std::size_t key_end = past_string(json, at);
        if (key_end == kNone) return {};
        const std::string_view key = json.substr(at + 1, key_end - at - 2);
        at = skip_space(json, key_end);
        if (at >= json.size() || json[at] != ':') return {};
        at = skip_space(json, at + 1);
        const std::size_t end = past_value(json, at);
        if (end == kNone) return {};
        bool found = key == name;
        if (!found && key.find('\\') != kNone) {
            std::string plain;
            found = unescape(key, plain) && plain == name;
        }
        if (found) return json.substr(at, end - at);
        at = skip_space(json, end);
        if (at >= json.size() || json[at] != ',') return {};
        at = skip_space(json, at + 1);
    }
    return {};
}

std::string_view element_of(std::string_view json, std::int64_t index) noexcept {
    std::string_view element;
    if (index < 0) {
        for (JsonElements all(json); all.next(element);) ++index;
        if (index < 0) return {};
    }
    for (JsonElements all(json); all.next(element);)
        if (index-- == 0) return element;
    return {};
}

std::string_view trimmed(std::string_view json) noexcept {
    const std::size_t begin = skip_space(json, 0);
    const std::size_t end = past_value(json, begin);
    if (end == kNone || skip_space(json, end) != json.size()) return {};
    return json.substr(begin, end - begin);
}

} // namespace

JsonElements::JsonElements(std::string_view json) noexcept {
    json = trimmed(json);
    if (json.empty() || json.front() != '[') return;
    const std::size_t first = skip_space(json, 1);
    if (first < json.size() && json[first] != ']') rest_ = json.substr(first);
}

bool JsonElements::next(std::string_view& element) noexcept {
    const std::size_t end = past_value(rest_, 0);
    if (rest_.empty() || end == kNone) return false;
    element = rest_.substr(0, end);
    const std::size_t at = skip_space(rest_, end);
    const bool goes_on = at < rest_.size() && rest_[at] == ',';
    rest_ = goes_on ? rest_.substr(skip_space(rest_, at + 1)) : std::string_view();
    return true;
}

Value json_at(std::string_view json, const Path& path, TextArena& arena) {
    std::string_view at = trimmed(json);
    for (const Path::Step& step : path.steps) {
        if (const auto* name = std::get_if<std::string>(&step)) {
            at = member_of(at, *name);
        } else {
            at = element_of(at, std::get<std::int64_t>(step));
        }
        if (at.empty()) return {};
    }
    return cell(at, arena);
}

} // namespace holdfast::column
