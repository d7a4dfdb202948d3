// Invariant: any text is read to its end, line by line, without a crash; what is given out can be
// written as JSON: names are there and once, texts are UTF-8, floats are finite.
#include <holdfast/base/bytes.hpp>
#include <holdfast/influx/line_reader.hpp>

#include <cmath>
#include <cstdlib>
#include <set>

namespace {

using namespace holdfast;

void require(bool holds) {
    if (!holds) std::abort();
}

template <class Named>
void check_names(const Named& named) {
    std::set<std::string_view> names;
    for (const auto& [name, value] : named)
        require(!name.empty() && is_utf8(name) && names.insert(name).second);
}

void check(const influx::Line& line) {
    require(!line.measurement.empty() && is_utf8(line.measurement));
    check_names(line.tags);
    check_names(line.fields);
    for (const auto& [name, value] : line.tags) require(!value.empty() && is_utf8(value));
    require(!line.fields.empty());
    for (const auto& [name, value] : line.fields) {
        if (const auto* real = std::get_if<double>(&value)) require(std::isfinite(*real));
        if (const auto* text = std::get_if<std::string>(&value)) require(is_utf8(*text));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto precision = static_cast<influx::Precision>(data[0] % 6);
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    influx::LineReader reader(text, precision);
    influx::Line line;
    for (std::size_t calls = 0;; ++calls) {
        require(calls <= size); // each call passes over a byte at least
        const auto more = reader.next(line);
        if (!more) continue;
        if (!more.value()) return 0;
        check(line);
    }
}
