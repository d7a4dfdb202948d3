#include <holdfast/config/units.hpp>

#include <array>
#include <charconv>
#include <limits>

namespace holdfast::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array kByteUnits{
    Unit{"B", 1},
    Unit{"kB", 1'000},
    Unit{"MB", 1'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"TB", 1'000'000'000'000},
    Unit{"KiB", 1ULL << 10U},
    Unit{"MiB", 1ULL << 20U},
    Unit{"GiB", 1ULL << 30U},
    Unit{"TiB", 1ULL << 40U},
};
constexpr std::array kTimeUnits{
    Unit{"ms", 1},        Unit{"s", 1'000},      Unit{"m", 60'000},
    Unit{"h", 3'600'000}, Unit{"d", 86'400'000}, Unit{"w", 604'800'000},
};
constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();

void skip_spaces(std::string_view& rest) {
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
}

std::string_view take_letters(std::string_view& rest) {
    std::size_t length = 0;
    while (length < rest.size() && rest[length] != ' ' &&
           (rest[length] < '0' || rest[length] > '9'))
        ++length;
    const auto letters = rest.substr(0, length);
    rest.remove_prefix(length);
    return letters;
}

Result<std::uint64_t> take_number(std::string_view& rest) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error == std::errc::result_out_of_range)
        return fail(Errc::limit_exceeded, "number too large");
    if (error != std::errc{}) return fail(Errc::malformed, "not a number with a unit");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return number;
}

// One number with its unit off the front of `rest`; `default_factor` 0 = a unit must stand there.
template <std::size_t N>
Result<std::uint64_t> take_quantity(std::string_view& rest, const std::array<Unit, N>& units,
                                    std::uint64_t default_factor, std::string_view known) {
    HF_TRY(const std::uint64_t number, take_number(rest));
    skip_spaces(rest);
    const auto name = take_letters(rest);
    std::uint64_t factor = name.empty() ? default_factor : 0;
    for (const Unit& unit : units)
        if (unit.name == name) factor = unit.factor;
    if (name.empty() && factor == 0 && number == 0) return std::uint64_t{0};
    if (factor == 0)
        return fail(Errc::malformed, (name.empty() ? std::string("a unit is missing")
                                                   : "unknown unit '" + std::string(name) + "'") +
                                         ", known are " + std::string(known));
    if (number > kMax / factor) return fail(Errc::limit_exceeded, "number too large");
    return number * factor;
}

} // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
    std::string_view rest = text;
    HF_TRY(const std::uint64_t bytes,
           take_quantity(rest, kByteUnits, 1, "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB"));
    if (!rest.empty()) return fail(Errc::malformed, "more than one size");
    return bytes;
}

Result<std::uint64_t> parse_duration_ms(std::string_view text) {
    std::string_view rest = text;
    std::uint64_t sum = 0;
    do {
        HF_TRY(const std::uint64_t part, take_quantity(rest, kTimeUnits, 0, "ms, s, m, h, d, w"));
        if (part > kMax - sum) return fail(Errc::limit_exceeded, "number too large");
        sum += part;
        skip_spaces(rest);
    } while (!rest.empty());
    return sum;
}

} // namespace holdfast::config
