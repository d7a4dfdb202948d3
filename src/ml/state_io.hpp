#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/ml/alarm_latch.hpp>
#include <holdfast/ml/record.hpp>

#include <bit>
#include <cmath>

namespace holdfast::ml {

// Numbers of a detector's state as docs/format/models.md has them. What is read must be finite:
// what save() never writes must not come in.

inline Result<void> never_saved() {
    return fail(Errc::corrupt, "a value that is never saved");
}

inline void write_f64(ByteWriter& writer, double value) {
    writer.u64_be(std::bit_cast<std::uint64_t>(value));
}
inline void write_f32(ByteWriter& writer, float value) {
    writer.u32_be(std::bit_cast<std::uint32_t>(value));
}
inline void write_latch(ByteWriter& writer, const AlarmLatch& latch) {
    writer.u8(latch.alarmed ? 1 : 0);
    writer.u32_be(latch.quiet);
}

inline Result<void> read_f64(ByteReader& reader, double& value) {
    HF_TRY(const std::uint64_t bits, reader.u64_be());
    value = std::bit_cast<double>(bits);
    return std::isfinite(value) ? ok() : never_saved();
}
inline Result<void> read_f32(ByteReader& reader, float& value) {
    HF_TRY(const std::uint32_t bits, reader.u32_be());
    value = std::bit_cast<float>(bits);
    return std::isfinite(value) ? ok() : never_saved();
}
inline Result<void> read_record(ByteReader& reader, Record& record) {
    HF_TRY(read_f32(reader, record.peak));
    return record.is_sound() ? ok() : never_saved();
}
// A model whose hold was made shorter keeps to the new one at its next sample.
inline Result<void> read_latch(ByteReader& reader, AlarmLatch& latch) {
    HF_TRY(const std::uint8_t alarmed, reader.u8());
    HF_TRY(latch.quiet, reader.u32_be());
    latch.alarmed = alarmed != 0;
    return alarmed > 1 || (alarmed == 0 && latch.quiet != 0) ? never_saved() : ok();
}

} // namespace holdfast::ml
