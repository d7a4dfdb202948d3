#include <holdfast/influx/line.hpp>

#include <fmt/format.h>

namespace holdfast::influx {

Result<Precision> parse_precision(std::string_view text) {
    if (text == "ns" || text == "n") return Precision::ns;
    if (text == "us" || text == "u" || text == "\xC2\xB5") return Precision::us; // U+00B5
    if (text == "ms") return Precision::ms;
    if (text == "s") return Precision::s;
    if (text == "m") return Precision::m;
    if (text == "h") return Precision::h;
    return fail(Errc::malformed,
                fmt::format("precision: '{}' is none of ns, us, ms, s, m, h", text));
}

} // namespace holdfast::influx
