#include "sql/function_groups.hpp"

#include <holdfast/column/json_path.hpp>

#include <array>

namespace holdfast::sql {
namespace {

using column::Type;
using column::Value;
using Args = Function::Arguments;

// The path as in the rest of the dialect (`a[0].b`), or with `$.` before it.
Value json_extract_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text || args[1].type() != Type::text) return mismatch(evaluation);
    std::string_view written = args[1].as_text();
    if (written == "$") return column::json_at(args[0].as_text(), {}, evaluation.arena);
    if (written.starts_with("$.")) written.remove_prefix(2);
    const auto path = column::Path::parse(written);
    if (!path) return mismatch(evaluation);
    return column::json_at(args[0].as_text(), path.value(), evaluation.arena);
}

Value json_array_length_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text) return mismatch(evaluation);
    std::int64_t count = 0;
    std::string_view element;
    for (column::JsonElements all(args[0].as_text()); all.next(element);) ++count;
    return Value::of_int(count);
}

constexpr std::array kFunctions{
    Function{"json_array_length", 1, 1, false, json_array_length_of},
    Function{"json_extract", 2, 2, false, json_extract_of},
};

} // namespace

std::span<const Function> json_functions() noexcept {
    return kFunctions;
}

} // namespace holdfast::sql
