#include <gateway/rest/json.hpp>

#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace holdfast::gateway {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The index past the value that starts at `at` of valid JSON.
std::size_t end_of_value(std::string_view text, std::size_t at) {
    std::size_t depth = 0;
    bool in_string = false;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (in_string) {
            if (c == '\\') ++at;
            in_string = c != '"';
            if (!in_string && depth == 0) return at + 1;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            if (depth == 0) return at;
            if (--depth == 0) return at + 1;
        } else if (depth == 0 && (c == ',' || c == ':' || is_space(c))) {
            return at;
        }
    }
    return at;
}

// As deep as parse_json() takes it, or as our own answers are.
void write(std::string& out, const boost::json::value& value) {
    const auto list = [&out](char open, char close, const auto& items, auto each) {
        out += open;
        bool is_first = true;
        for (const auto& item : items) {
            if (!std::exchange(is_first, false)) out += ',';
            each(item);
        }
        out += close;
    };
    if (const auto* object = value.if_object()) {
        list('{', '}', *object, [&out](const auto& member) {
            out += boost::json::serialize(boost::json::string_view(member.key()));
            out += ':';
            write(out, member.value());
        });
    } else if (const auto* array = value.if_array()) {
        list('[', ']', *array, [&out](const auto& item) { write(out, item); });
    } else if (const auto* number = value.if_double()) {
        out += std::isfinite(*number) ? fmt::to_string(*number) : "null"; // JSON has no other
    } else {
        out += boost::json::serialize(value);
    }
}

} // namespace

Result<boost::json::value> parse_json(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = 64;
    boost::json::stream_parser parser({}, options);
    boost::json::error_code error;
    const auto read = parser.write_some(text.data(), text.size(), error);
    if (!error && read < text.size())
        return fail(Errc::malformed, fmt::format("more than one JSON value, at byte {}", read));
    if (!error) parser.finish(error);
    if (error)
        return fail(Errc::malformed,
                    fmt::format("not JSON, at byte {}: {}", read, error.message()));
    return parser.release();
}

JsonSlices json_slices(std::string_view text) {
    JsonSlices slices;
    std::size_t at = text.find_first_of("{[");
    if (at == std::string_view::npos) return slices;
    const bool is_object = text[at] == '{';
    const auto next = [&] {
        while (at < text.size() && (is_space(text[at]) || text[at] == ',' || text[at] == ':')) ++at;
        const auto begin = at;
        at = end_of_value(text, at);
        return text.substr(begin, at - begin);
    };
    for (++at;;) {
        std::string_view value = next();
        if (value.empty()) return slices;
        std::string name;
        if (is_object) {
            name = std::string_view(boost::json::parse(value).as_string());
            value = next();
        }
        slices.emplace_back(std::move(name), value);
    }
}

Result<std::vector<std::string_view>> json_texts(std::string_view body) {
    std::vector<std::string_view> texts;
    const auto first = body.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return texts;
    if (body[first] == '[') {
        HF_TRY(parse_json(body));
        for (const auto& [name, slice] : json_slices(body)) texts.push_back(slice);
    } else {
        while (!body.empty()) {
            const auto line = body.substr(0, body.find('\n'));
            body.remove_prefix(std::min(body.size(), line.size() + 1));
            if (line.find_first_not_of(" \t\r") != std::string_view::npos) texts.push_back(line);
        }
    }
    if (texts.size() > kJsonTextsMax)
        return fail(Errc::malformed, fmt::format("{} of them; at most {} in one request",
                                                 texts.size(), kJsonTextsMax));
    return texts;
}

Result<JsonSlices> json_members(std::string_view text) {
    HF_TRY(const auto whole, parse_json(text));
    if (!whole.is_object()) return fail(Errc::malformed, "an object is expected");
    JsonSlices members = json_slices(text);
    std::set<std::string_view> names;
    for (const auto& [name, slice] : members)
        if (!names.insert(name).second)
            return fail(Errc::malformed, fmt::format("'{}' is given twice", name));
    return members;
}

Result<std::int64_t> json_time_ms(std::string_view name, const boost::json::value& value) {
    auto time = value.is_int64()    ? check_time_ms(value.as_int64())
                : value.is_string() ? parse_time_ms(value.as_string())
                                    : fail(Errc::malformed, "not epoch milliseconds, nor a text");
    if (!time) return fail(Errc::malformed, fmt::format("{}: {}", name, time.error().context));
    return time;
}

std::string to_json_text(const boost::json::value& value) {
    std::string out;
    write(out, value);
    return out;
}

std::string compact_json(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (!in_string && is_space(c)) continue;
        out += c;
        if (in_string && c == '\\' && i + 1 < text.size())
            out += text[++i];
        else if (c == '"')
            in_string = !in_string;
    }
    return out;
}

HttpResponse json_response(const boost::json::value& value, unsigned status) {
    return {status, "application/json", {}, to_json_text(value)};
}

Result<void> expect_none_of(std::initializer_list<std::string_view> names,
                            const HttpRequest& request) {
    for (const std::string_view name : names)
        if (request.query_value(name))
            return fail(Errc::malformed,
                        fmt::format("query parameter '{}' does not go with this request", name));
    return ok();
}

Router::Handler on_queue(WorkQueue& queue,
                         std::function<Result<HttpResponse>(const HttpRequest&)> work) {
    return [&queue, work = std::move(work)](HttpRequest request, const Reply& reply) {
        const bool pushed = queue.try_push([work, reply, asked = std::move(request)] {
            auto answer = work(asked);
            reply.send(answer ? std::move(answer).value() : problem(answer.error()));
        });
        if (!pushed) reply.send(problem(503, "too many requests are waiting; try again later"));
    };
}

} // namespace holdfast::gateway
