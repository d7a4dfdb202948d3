#pragma once

#include <holdfast/column/value.hpp>
#include <holdfast/sql/expression.hpp>
#include <holdfast/sql/predictor.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// A scalar function. Names and meanings as in DuckDB where it has them.
struct Function {
    using Arguments = std::span<const column::Value>;
    std::string_view name; // lower case
    std::size_t arguments_min;
    std::size_t arguments_max;
    bool takes_null; // else any NULL argument gives NULL without a call
    // What has no result is NULL and counted in evaluation.mismatches.
    column::Value (*call)(Arguments arguments, Evaluation& evaluation);
    // Where set it is asked instead of `call`: predict(), which whoever binds the query has led to
    // a model.
    const Predictor* predictor = nullptr;
};

// Null where there is none of that (lower case) name.
[[nodiscard]] const Function* find_function(std::string_view name) noexcept;

[[nodiscard]] std::vector<std::string> function_names();

// Results of text functions are at most this long; longer ones become NULL and are counted.
inline constexpr std::size_t kTextBytesMax = 64 * 1024;

// Asked now and then by what takes long, with the bytes searched since; false: give up.
using GoesOn = std::function<bool(std::size_t bytes)>;

// `%` any text, `_` one character, everything else itself. Needs no memory, and time linear in the
// text but for pieces with `_` between two `%`: there `goes_on` is asked, and where it says no the
// result is false.
[[nodiscard]] bool matches_like(std::string_view text, std::string_view pattern,
                                const GoesOn& goes_on = {});

} // namespace holdfast::sql
