#include <holdfast/column/field.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace holdfast::column {
namespace {

bool is_plain(char c) noexcept {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
}

Error wrong(std::string_view path, std::string_view why) {
    return fail(Errc::malformed, fmt::format("path '{}': {}", path.substr(0, 100), why));
}

// `"odd ""key"""` at the front of `rest`, which moves past it.
Result<std::string> quoted_member(std::string_view whole, std::string_view& rest) {
    std::string name;
    for (rest.remove_prefix(1); !rest.empty(); rest.remove_prefix(1)) {
        if (rest.front() != '"') {
            name += rest.front();
            continue;
        }
        rest.remove_prefix(1);
        if (rest.empty() || rest.front() != '"') return name;
        name += '"';
    }
    return wrong(whole, "a quote is not closed");
}

Result<std::string> member(std::string_view whole, std::string_view& rest) {
    if (!rest.empty() && rest.front() == '"') return quoted_member(whole, rest);
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_plain);
    const std::string name(rest.begin(), end);
    if (name.empty()) return wrong(whole, "a name is expected");
    rest.remove_prefix(name.size());
    return name;
}

Result<std::int64_t> element(std::string_view whole, std::string_view& rest) {
    rest.remove_prefix(1);
    std::int64_t index = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
    if (error != std::errc()) return wrong(whole, "[ wants a whole number");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.empty() || rest.front() != ']') return wrong(whole, "] is expected");
    rest.remove_prefix(1);
    return index;
}

} // namespace

Result<Path> Path::parse(std::string_view text) {
    Path path;
    std::string_view rest = text;
    HF_TRY(auto first, member(text, rest));
    path.steps.emplace_back(std::move(first));
    while (!rest.empty()) {
        if (path.steps.size() == kStepsMax) return wrong(text, "more than 32 steps");
        if (rest.front() == '[') {
            HF_TRY(const auto index, element(text, rest));
            path.steps.emplace_back(index);
        } else if (rest.front() == '.') {
            rest.remove_prefix(1);
            HF_TRY(auto name, member(text, rest));
            path.steps.emplace_back(std::move(name));
        } else {
            return wrong(text, fmt::format("'{}' is not expected", rest.front()));
        }
    }
    return path;
}

void append_member(std::string& path, std::string_view name) {
    if (!path.empty()) path += '.';
    if (!name.empty() && std::all_of(name.begin(), name.end(), is_plain)) {
        path += name;
        return;
    }
    path += '"';
    for (const char c : name) path.append(c == '"' ? 2 : 1, c);
    path += '"';
}

std::string Path::to_string() const {
    std::string out;
    for (const Step& step : steps) {
        if (const auto* index = std::get_if<std::int64_t>(&step)) {
            out += fmt::format("[{}]", *index);
            continue;
        }
        append_member(out, std::get<std::string>(step));
    }
    return out;
}

std::string Field::to_string() const {
    switch (kind) {
        case FieldKind::path: return path.to_string();
        case FieldKind::value: return "value";
        case FieldKind::payload: return "payload";
        case FieldKind::topic: return "topic";
        case FieldKind::topic_level: return fmt::format("topic_level({})", level);
        case FieldKind::device: return "device";
        case FieldKind::client_id: return "client_id";
        case FieldKind::qos: return "qos";
        case FieldKind::ts: return "ts";
        case FieldKind::arrival_ts: return "arrival_ts";
        case FieldKind::stream: return "stream";
        case FieldKind::partition: return "partition";
        case FieldKind::offset: return "offset";
    }
    return "?";
}

bool topic_level(std::string_view topic, std::int64_t level, std::string_view& out) noexcept {
    if (level < 0) level += 1 + std::count(topic.begin(), topic.end(), '/');
    if (level < 0) return false;
    for (;; --level) {
        const std::size_t slash = topic.find('/');
        if (level == 0) {
            out = topic.substr(0, slash);
            return true;
        }
        if (slash == std::string_view::npos) return false;
        topic.remove_prefix(slash + 1);
    }
}

} // namespace holdfast::column
