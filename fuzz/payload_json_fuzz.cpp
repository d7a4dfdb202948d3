// Invariant: any payload decodes into cells or an error for its row, never into a crash; the row
// beside it stays what it is, and the same payload gives the same cells again, also where it is
// read by the shape that the one before left.
#include <holdfast/record/payload_columns.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

namespace {

bool same(const holdfast::column::Value& left, const holdfast::column::Value& right) {
    using holdfast::column::Type;
    if (left.type() != right.type()) return false;
    if (left.type() == Type::text) return left.as_text() == right.as_text();
    if (left.type() == Type::float64)
        return std::bit_cast<std::uint64_t>(left.as_float()) ==
               std::bit_cast<std::uint64_t>(right.as_float());
    return left.as_int() == right.as_int();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using column::Field;
    using column::FieldKind;
    static record::PayloadColumns columns(
        {Field{FieldKind::path, column::Path::parse("a[0].b").value()},
         Field{FieldKind::path, column::Path::parse("a[-1]").value()}, Field{FieldKind::value},
         Field{FieldKind::ts}});
    record::MessageView fuzzed;
    fuzzed.payload = {reinterpret_cast<const std::byte*>(data), size};
    record::MessageView good;
    good.payload = as_bytes(R"({"a":[{"b":7}]})");
    const std::array rows{fuzzed, good, fuzzed};
    columns.decode(rows);
    if (columns.column(0).at(1).as_int() != 7 || !columns.error(1).empty()) std::abort();
    if (columns.error(0) != columns.error(2)) std::abort();
    for (std::size_t field = 0; field < 4; ++field)
        if (columns.column(field).type_at(0) != columns.column(field).type_at(2)) std::abort();
    record::PayloadColumns by_shape({Field{FieldKind::ts}}, record::PayloadColumns::Members::all);
    by_shape.decode(rows); // the first is parsed, the last read by its shape where it can be
    const auto agrees = [](const record::Member& left, const record::Member& right) {
        return left.path == right.path && same(left.value, right.value);
    };
    if (!std::ranges::equal(by_shape.members(0), by_shape.members(2), agrees)) std::abort();
    if (by_shape.column(0).at(0).as_int() != by_shape.column(0).at(2).as_int()) std::abort();
    return 0;
}
