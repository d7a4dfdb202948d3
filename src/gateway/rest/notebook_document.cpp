#include <gateway/rest/notebook_document.hpp>

#include <gateway/rest/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;

constexpr std::int64_t kRefreshMinS = 5;
constexpr std::int64_t kRefreshMaxS = 86'400;
constexpr std::size_t kParamNameBytesMax = 64;

using Texts = std::initializer_list<std::string_view>;

bool holds(Texts texts, std::string_view text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

Result<const json::object*> object_of(std::string_view where, const json::value& value,
                                      Texts known) {
    const auto* object = value.if_object();
    if (object == nullptr) return fail(Errc::malformed, fmt::format("{}: an object", where));
    for (const auto& member : *object)
        if (!holds(known, member.key()))
            return fail(Errc::malformed,
                        fmt::format("{}: '{}' is not known; known are {}", where,
                                    std::string_view(member.key()), fmt::join(known, ", ")));
    return object;
}

Result<std::string_view> text_of(std::string_view where, const json::object& object,
                                 std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string())
        return fail(Errc::malformed, fmt::format("{}: {} is missing, or no text", where, name));
    return std::string_view(value->as_string());
}

Result<void> check_one_of(std::string_view where, const json::object& object, std::string_view name,
                          Texts known) {
    HF_TRY(const auto text, text_of(where, object, name));
    if (holds(known, text)) return ok();
    return fail(Errc::malformed,
                fmt::format("{}: {} is one of {}", where, name, fmt::join(known, ", ")));
}

// A line for people: not empty, no control characters.
Result<void> check_line(std::string_view where, std::string_view text) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (text.empty() || text.size() > kNotebookTitleBytesMax ||
        std::any_of(text.begin(), text.end(), is_control))
        return fail(Errc::malformed,
                    fmt::format("{}: a line of 1 to {} bytes", where, kNotebookTitleBytesMax));
    return ok();
}

// As SQL takes it behind a colon.
bool is_param_name(std::string_view name) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !name.empty() && name.size() <= kParamNameBytesMax && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

Result<void> check_choices(std::string_view where, const json::object& param) {
    const auto* value = param.if_contains("choices");
    const auto* choices = value == nullptr ? nullptr : value->if_array();
    const auto is_text = [](const json::value& one) { return one.is_string(); };
    if (choices == nullptr || choices->empty() || choices->size() > kNotebookChoicesMax ||
        !std::all_of(choices->begin(), choices->end(), is_text))
        return fail(Errc::malformed, fmt::format("{}: choices is an array of 1 to {} texts", where,
                                                 kNotebookChoicesMax));
    for (auto each = choices->begin(); each != choices->end(); ++each)
        if (std::find(choices->begin(), each, *each) != each)
            return fail(Errc::malformed, fmt::format("{}: choices has '{}' twice", where,
                                                     std::string_view(each->as_string())));
    const json::value& chosen = param.at("value");
    if (std::find(choices->begin(), choices->end(), chosen) == choices->end())
        return fail(Errc::malformed, fmt::format("{}: value '{}' is none of its choices", where,
                                                 std::string_view(chosen.as_string())));
    return ok();
}

// A statement has one value for `:name`.
Result<void> check_names_differ(const json::array& params) {
    for (auto each = params.begin(); each != params.end(); ++each) {
        const json::value& name = each->at("name");
        const auto same = [&name](const json::value& other) { return other.at("name") == name; };
        if (std::any_of(params.begin(), each, same))
            return fail(Errc::malformed, fmt::format("params: two are named '{}'",
                                                     std::string_view(name.as_string())));
    }
    return ok();
}

Result<void> check_param(std::string_view where, const json::value& value) {
    HF_TRY(const auto* param,
           object_of(where, value, {"name", "label", "kind", "value", "choices"}));
    HF_TRY(const auto name, text_of(where, *param, "name"));
    if (!is_param_name(name) || name == "from" || name == "to")
        return fail(Errc::malformed,
                    fmt::format("{}: name has letters a-z, digits and _, and is not from or to, "
                                "which are the time range",
                                where));
    if (param->contains("label")) {
        HF_TRY(const auto label, text_of(where, *param, "label"));
        HF_TRY(check_line(fmt::format("{}: label", where), label));
    }
    HF_TRY(check_one_of(where, *param, "kind", {"text", "number", "choice"}));
    const std::string_view kind = param->at("kind").as_string();
    const auto* given = param->if_contains("value");
    if (given == nullptr || (kind == "number" ? !given->is_number() : !given->is_string()))
        return fail(Errc::malformed,
                    fmt::format("{}: value is a {}", where, kind == "number" ? "number" : "text"));
    if (given->is_double() && !std::isfinite(given->as_double()))
        return fail(Errc::malformed, fmt::format("{}: value is beyond any number", where));
    if (kind == "choice") return check_choices(where, *param);
    if (param->contains("choices"))
        return fail(Errc::malformed, fmt::format("{}: only a choice has choices", where));
    return ok();
}

Result<void> check_paragraph(std::string_view where, const json::value& value) {
    HF_TRY(const auto* paragraph, object_of(where, value, {"kind", "text", "show"}));
    HF_TRY(check_one_of(where, *paragraph, "kind", {"markdown", "sql"}));
    HF_TRY(text_of(where, *paragraph, "text"));
    if (!paragraph->contains("show")) return ok();
    return check_one_of(where, *paragraph, "show",
                        {"auto", "table", "line", "bar", "scatter", "number"});
}

// Each element of the array `name`, named by its place.
Result<void> check_each(const json::object& notebook, std::string_view name, std::size_t count_max,
                        Result<void> (*check)(std::string_view, const json::value&)) {
    const auto* value = notebook.if_contains(name);
    const auto* array = value == nullptr ? nullptr : value->if_array();
    if (array == nullptr || array->size() > count_max)
        return fail(Errc::malformed,
                    fmt::format("{} is an array of at most {} objects", name, count_max));
    for (std::size_t index = 0; index < array->size(); ++index) {
        HF_TRY(check(fmt::format("{}[{}]", name, index), array->at(index)));
    }
    return ok();
}

Result<void> check_refresh(const json::object& notebook) {
    const auto* value = notebook.if_contains("refresh_s");
    if (value == nullptr) return ok();
    const auto* seconds = value->if_int64();
    if (seconds != nullptr &&
        (*seconds == 0 || (*seconds >= kRefreshMinS && *seconds <= kRefreshMaxS)))
        return ok();
    return fail(Errc::malformed, fmt::format("refresh_s is 0 for never, or {} to {} seconds",
                                             kRefreshMinS, kRefreshMaxS));
}

} // namespace

Result<NotebookDocument> parse_notebook(std::string_view text) {
    HF_TRY(const auto value, parse_json(text));
    HF_TRY(json_members(text)); // none twice
    HF_TRY(const auto* notebook,
           object_of("a notebook", value, {"title", "refresh_s", "params", "paragraphs"}));
    HF_TRY(const auto title, text_of("a notebook", *notebook, "title"));
    HF_TRY(check_line("title", title));
    HF_TRY(check_refresh(*notebook));
    if (notebook->contains("params")) {
        HF_TRY(check_each(*notebook, "params", kNotebookParamsMax, check_param));
        HF_TRY(check_names_differ(notebook->at("params").as_array()));
    }
    HF_TRY(check_each(*notebook, "paragraphs", kNotebookParagraphsMax, check_paragraph));
    return NotebookDocument{std::string(title), compact_json(text)};
}

} // namespace holdfast::gateway
