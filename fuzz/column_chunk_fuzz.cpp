// Invariant: whatever bytes come, decoding a chunk ends in corrupt (or limit_exceeded for its
// texts) or in as many rows as asked for; what was read encodes again and reads back the same.

#include <holdfast/column/chunk.hpp>

#include <cstdint>
#include <cstdlib>

using namespace holdfast;
using namespace holdfast::column;

namespace {

constexpr std::size_t kTextBytesMax = 1U << 20U;

void require(bool holds) {
    if (!holds) std::abort();
}

void check_round_trip(const Column& column) {
    Bytes bytes;
    encode_column(column, bytes);
    TextArena arena;
    Column again;
    require(decode_column(bytes, column.rows(), arena, again).has_value());
    require(again.rows() == column.rows());
    for (std::size_t row = 0; row < column.rows(); ++row) {
        require(again.type_at(row) == column.type_at(row));
        if (column.type_at(row) == Type::text) {
            require(again.at(row).as_text() == column.at(row).as_text());
        } else if (column.type_at(row) != Type::null) {
            require(again.words()[row] == column.words()[row]);
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
    // The rows that the chunk itself names: else nothing behind the first check would be reached.
    const std::size_t rows = load_u16_be(bytes.data());
    TextArena arena;
    arena.set_limit(kTextBytesMax);
    Column column;
    const auto decoded = decode_column(bytes, rows, arena, column);
    if (!decoded) {
        require(decoded.error().code == Errc::corrupt ||
                decoded.error().code == Errc::limit_exceeded);
        require(column.rows() == 0);
        return 0;
    }
    require(column.rows() == rows);
    check_round_trip(column);
    return 0;
}
