// Invariant: any payload decodes into cells or an error for its row, never into a crash; the row
// beside it stays what it is, and the same payload gives the same cells again.
#include <holdfast/record/payload_columns.hpp>

#include <array>
#include <cstdlib>

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
    return 0;
}
