#include <holdfast/mqtt/frame.hpp>

namespace holdfast::mqtt {

Result<std::uint32_t> read_variable_byte_integer(ByteReader& reader) {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        HF_TRY(const std::uint8_t byte, reader.u8());
        value |= static_cast<std::uint32_t>(byte & 0x7FU) << shift;
        if ((byte & 0x80U) != 0) continue;
        if (byte == 0 && shift != 0)
            return fail(Errc::malformed, "variable byte integer longer than needed");
        return value;
    }
    return fail(Errc::malformed, "variable byte integer of more than four bytes");
}

void write_variable_byte_integer(ByteWriter& writer, std::uint32_t value) {
    for (; value >= 0x80; value >>= 7U) writer.u8(static_cast<std::uint8_t>(value | 0x80U));
    writer.u8(static_cast<std::uint8_t>(value));
}

void encode_packet(Bytes& out, PacketType type, std::uint8_t flags, ByteView body) {
    ByteWriter writer(out);
    writer.u8(static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4U | flags));
    write_variable_byte_integer(writer, static_cast<std::uint32_t>(body.size()));
    writer.bytes(body);
}

} // namespace holdfast::mqtt
