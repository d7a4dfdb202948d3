#include "sql/function_groups.hpp"

#include <holdfast/column/json_path.hpp>

#include <algorithm>
#include <array>
#include <numbers>
#include <optional>
#include <utility>

namespace holdfast::sql {
namespace {

using column::Type;
using column::Value;
using Args = Function::Arguments;

constexpr double kEarthRadiusM = 6'371'008.8; // mean radius R1 of the IUGG

double radians(double degrees) noexcept {
    return degrees * std::numbers::pi / 180;
}

// haversine_m(lat1, lon1, lat2, lon2) in metres on a sphere: within 0.6 % of the ellipsoid.
Value haversine_m_of(Args args, Evaluation& evaluation) {
    for (const Value& each : args)
        if (!each.is_number()) return mismatch(evaluation);
    const double lat1 = radians(args[0].as_float());
    const double lat2 = radians(args[2].as_float());
    const double up = std::sin((lat2 - lat1) / 2);
    const double across = std::sin(radians(args[3].as_float() - args[1].as_float()) / 2);
    const double h = up * up + std::cos(lat1) * std::cos(lat2) * across * across;
    return finite(2 * kEarthRadiusM * std::asin(std::sqrt(std::clamp(h, 0.0, 1.0))), evaluation);
}

// `[lat, lon]`
std::optional<std::pair<double, double>> corner(std::string_view json, Evaluation& evaluation) {
    const column::Path first{{column::Path::Step{std::int64_t{0}}}};
    const column::Path second{{column::Path::Step{std::int64_t{1}}}};
    const Value lat = column::json_at(json, first, evaluation.arena);
    const Value lon = column::json_at(json, second, evaluation.arena);
    if (!lat.is_number() || !lon.is_number()) return std::nullopt;
    return std::pair(lat.as_float(), lon.as_float());
}

// inside_polygon(lat, lon, '[[lat, lon], ...]'): by the parity of edges to the east of the point.
// On the plane of degrees: not for polygons across the date line or around a pole.
Value inside_polygon_of(Args args, Evaluation& evaluation) {
    if (!args[0].is_number() || !args[1].is_number() || args[2].type() != Type::text)
        return mismatch(evaluation);
    const double lat = args[0].as_float();
    const double lon = args[1].as_float();
    std::optional<std::pair<double, double>> start;
    std::optional<std::pair<double, double>> before;
    bool is_inside = false;
    std::size_t corners = 0;
    const auto edge = [&](std::pair<double, double> a, std::pair<double, double> b) {
        if ((a.first > lat) == (b.first > lat)) return;
        const double at = a.second + (lat - a.first) / (b.first - a.first) * (b.second - a.second);
        if (lon < at) is_inside = !is_inside;
    };
    std::string_view element;
    for (column::JsonElements all(args[2].as_text()); all.next(element); ++corners) {
        // a payload of 16 MiB has a million corners
        if (!evaluation.goes_on(1 + element.size() / Evaluation::kBytesPerStep)) return {};
        const auto here = corner(element, evaluation);
        if (!here) return mismatch(evaluation);
        if (before) edge(*before, *here);
        if (!start) start = here;
        before = here;
    }
    if (corners < 3) return mismatch(evaluation);
    edge(*before, *start);
    return Value::of_bool(is_inside);
}

constexpr std::array kFunctions{
    Function{"haversine_m", 4, 4, false, haversine_m_of},
    Function{"inside_polygon", 3, 3, false, inside_polygon_of},
};

} // namespace

std::span<const Function> geo_functions() noexcept {
    return kFunctions;
}

} // namespace holdfast::sql
