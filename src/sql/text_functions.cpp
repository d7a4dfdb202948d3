#include "sql/function_groups.hpp"
#include "sql/text_search.hpp"

#include <holdfast/column/json_text.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace holdfast::sql {
namespace {

using column::Type;
using column::Value;
using Args = Function::Arguments;

template <std::string (*F)(std::string_view)>
Value text1(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text) return mismatch(evaluation);
    return made_text(F(args[0].as_text()), evaluation);
}
template <bool (*F)(std::string_view, std::string_view)>
Value text_test(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text || args[1].type() != Type::text) return mismatch(evaluation);
    return Value::of_bool(F(args[0].as_text(), args[1].as_text()));
}

Value length_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text) return mismatch(evaluation);
    const auto text = args[0].as_text();
    return Value::of_int(std::count_if(text.begin(), text.end(), starts_character));
}
// Byte position of character `index`, or the end.
std::size_t byte_of(std::string_view text, std::int64_t index) noexcept {
    for (std::size_t at = 0; at < text.size(); ++at)
        if (starts_character(text[at]) && index-- == 0) return at;
    return text.size();
}
Value substr_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text || args[1].type() != Type::int64 ||
        (args.size() == 3 && args[2].type() != Type::int64))
        return mismatch(evaluation);
    const auto text = args[0].as_text();
    const std::int64_t characters = std::count_if(text.begin(), text.end(), starts_character);
    std::int64_t first = std::clamp(args[1].as_int(), -characters - 1, characters + 1);
    first = first < 0 ? characters + first : first - 1; // from 1; negative from the end
    std::int64_t count = characters;
    if (args.size() == 3) count = std::clamp<std::int64_t>(args[2].as_int(), 0, characters + 1);
    const std::int64_t last = std::clamp<std::int64_t>(first + count, 0, characters);
    first = std::clamp<std::int64_t>(first, 0, characters);
    if (last <= first) return Value::of_text({});
    const std::size_t begin = byte_of(text, first);
    return Value::of_text(text.substr(begin, byte_of(text, last) - begin));
}

std::string lower_of(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}
std::string upper_of(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}
std::string trim_of(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}
bool starts(std::string_view text, std::string_view part) {
    return text.starts_with(part);
}
bool ends(std::string_view text, std::string_view part) {
    return text.ends_with(part);
}
bool contains(std::string_view text, std::string_view part) {
    return find_text(text, part) != std::string_view::npos;
}
Value replace_of(Args args, Evaluation& evaluation) {
    for (const Value& each : args)
        if (each.type() != Type::text) return mismatch(evaluation);
    std::string_view rest = args[0].as_text();
    const auto from = args[1].as_text();
    if (from.empty()) return args[0];
    std::string out;
    for (std::size_t at = find_text(rest, from); at != std::string_view::npos;
         at = find_text(rest, from)) {
        out.append(rest.substr(0, at)).append(args[2].as_text());
        rest.remove_prefix(at + from.size());
        if (out.size() > kTextBytesMax) return mismatch(evaluation);
    }
    return made_text(out.append(rest), evaluation);
}
Value concat_of(Args args, Evaluation& evaluation) {
    std::string out;
    for (const Value& each : args) {
        out += column::to_text(each);
        if (out.size() > kTextBytesMax) return mismatch(evaluation);
    }
    return made_text(out, evaluation);
}

std::string ltrim_of(std::string_view text) {
    return std::string(text.substr(std::min(text.find_first_not_of(' '), text.size())));
}
std::string rtrim_of(std::string_view text) {
    return std::string(text.substr(0, text.find_last_not_of(' ') + 1));
}
std::string reverse_of(std::string_view text) {
    std::string out;
    for (std::size_t end = text.size(), at = end; at-- > 0;)
        if (starts_character(text[at])) {
            out.append(text.substr(at, end - at));
            end = at;
        }
    return out;
}

std::int64_t characters_of(std::string_view text) noexcept {
    return std::count_if(text.begin(), text.end(), starts_character);
}
// The first or last n characters; with a negative n all but so many at the other end.
template <bool FromLeft>
Value part_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text || args[1].type() != Type::int64) return mismatch(evaluation);
    const auto text = args[0].as_text();
    const std::int64_t all = characters_of(text);
    std::int64_t count = std::clamp(args[1].as_int(), -all, all);
    if (count < 0) count += all;
    const std::size_t cut = byte_of(text, FromLeft ? count : all - count);
    return Value::of_text(FromLeft ? text.substr(0, cut) : text.substr(cut));
}
template <bool AtLeft>
Value pad_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text || args[1].type() != Type::int64 ||
        args[2].type() != Type::text)
        return mismatch(evaluation);
    const auto text = args[0].as_text();
    const auto fill = args[2].as_text();
    const std::int64_t wanted = args[1].as_int();
    const std::int64_t all = characters_of(text);
    if (wanted > static_cast<std::int64_t>(kTextBytesMax)) return mismatch(evaluation);
    if (wanted <= all)
        return Value::of_text(text.substr(0, byte_of(text, std::max<std::int64_t>(wanted, 0))));
    if (fill.empty()) return mismatch(evaluation);
    std::string padding;
    const std::int64_t fill_characters = characters_of(fill);
    for (std::int64_t left = wanted - all; left > 0; left -= fill_characters)
        padding.append(left >= fill_characters ? fill : fill.substr(0, byte_of(fill, left)));
    return made_text(AtLeft ? padding + std::string(text) : std::string(text) + padding,
                     evaluation);
}
Value repeat_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text || args[1].type() != Type::int64) return mismatch(evaluation);
    const auto text = args[0].as_text();
    const std::int64_t times = std::max<std::int64_t>(args[1].as_int(), 0);
    if (!text.empty() && times > static_cast<std::int64_t>(kTextBytesMax / text.size()))
        return mismatch(evaluation);
    std::string out;
    for (std::int64_t i = 0; i < times && !text.empty(); ++i) out += text;
    return made_text(out, evaluation);
}
// Part n of what the separator divides, from 1, negative from the end; '' where there is none.
Value split_part_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text || args[1].type() != Type::text ||
        args[2].type() != Type::int64)
        return mismatch(evaluation);
    std::string_view rest = args[0].as_text();
    const auto separator = args[1].as_text();
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at =
            separator.empty() ? std::string_view::npos : find_text(rest, separator);
        parts.push_back(rest.substr(0, at));
        if (at == std::string_view::npos) break;
        rest.remove_prefix(at + separator.size());
    }
    const auto count = static_cast<std::int64_t>(parts.size());
    std::int64_t index = args[2].as_int();
    if (index < 0) index += count + 1;
    if (index < 1 || index > count) return Value::of_text({});
    return Value::of_text(parts[static_cast<std::size_t>(index - 1)]);
}
// Where the part begins, in characters from 1; 0 where it is not.
Value strpos_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text || args[1].type() != Type::text) return mismatch(evaluation);
    const std::size_t at = find_text(args[0].as_text(), args[1].as_text());
    if (at == std::string_view::npos) return Value::of_int(0);
    return Value::of_int(characters_of(args[0].as_text().substr(0, at)) + 1);
}
// NULLs are left out, and so is their separator.
Value concat_ws_of(Args args, Evaluation& evaluation) {
    if (args[0].is_null()) return {};
    if (args[0].type() != Type::text) return mismatch(evaluation);
    std::string out;
    bool is_first = true;
    for (const Value& each : args.subspan(1)) {
        if (each.is_null()) continue;
        if (!std::exchange(is_first, false)) out += args[0].as_text();
        out += column::to_text(each);
        if (out.size() > kTextBytesMax) return mismatch(evaluation);
    }
    return made_text(out, evaluation);
}

constexpr std::array kFunctions{
    Function{"concat", 1, kManyArguments, true, concat_of},
    Function{"concat_ws", 2, kManyArguments, true, concat_ws_of},
    Function{"contains", 2, 2, false, text_test<contains>},
    Function{"ends_with", 2, 2, false, text_test<ends>},
    Function{"instr", 2, 2, false, strpos_of},
    Function{"left", 2, 2, false, part_of<true>},
    Function{"length", 1, 1, false, length_of},
    Function{"lower", 1, 1, false, text1<lower_of>},
    Function{"lpad", 3, 3, false, pad_of<true>},
    Function{"ltrim", 1, 1, false, text1<ltrim_of>},
    Function{"repeat", 2, 2, false, repeat_of},
    Function{"replace", 3, 3, false, replace_of},
    Function{"reverse", 1, 1, false, text1<reverse_of>},
    Function{"right", 2, 2, false, part_of<false>},
    Function{"rpad", 3, 3, false, pad_of<false>},
    Function{"rtrim", 1, 1, false, text1<rtrim_of>},
    Function{"split_part", 3, 3, false, split_part_of},
    Function{"starts_with", 2, 2, false, text_test<starts>},
    Function{"strpos", 2, 2, false, strpos_of},
    Function{"substr", 2, 3, false, substr_of},
    Function{"substring", 2, 3, false, substr_of},
    Function{"trim", 1, 1, false, text1<trim_of>},
    Function{"upper", 1, 1, false, text1<upper_of>},
};

} // namespace

std::span<const Function> text_functions() noexcept {
    return kFunctions;
}

} // namespace holdfast::sql
