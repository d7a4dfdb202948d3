#pragma once

// Batches that several tests of the record module start from.

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/crc32c.hpp>
#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/batch_view.hpp>

#include <array>
#include <fstream>
#include <string>
#include <vector>

namespace holdfast::record::samples {

inline constexpr std::int64_t kBaseMs = 1'700'000'000'000;

inline Bytes copy_of(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

// tests/record/golden/<name>.hex; empty where it cannot be read.
inline Bytes golden(const std::string& name) {
    std::ifstream file("tests/record/golden/" + name + ".hex");
    std::string digits;
    for (std::string line; std::getline(file, line);) digits += line;
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(static_cast<std::byte>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    return bytes;
}

// The three records of golden/built.hex.
inline BatchBuilder three_records() {
    BatchBuilder builder;
    Bytes topic;
    Bytes qos;
    Bytes unit;
    encode_header(topic, "mqtt.topic", as_bytes("plant/lift-7/in"));
    encode_header(qos, "mqtt.qos", as_bytes("1"));
    encode_header(unit, "u.unit", {});
    const std::array<ByteView, 2> two = {topic, qos};
    const std::array<ByteView, 1> one = {unit};
    builder.append(kBaseMs, as_bytes("lift-7"), as_bytes(R"({"speed":1.5})"), 2, two);
    builder.append(kBaseMs + 3, std::nullopt, ByteView{}, 0, {});
    builder.append(kBaseMs - 10, ByteView{}, as_bytes(std::string(200, 'x')), 1, one);
    return builder;
}

// Makes the CRC fit bytes that a test has changed.
inline void mend_crc(Bytes& batch) {
    store_u32_be(batch.data() + 17, crc32c(ByteView(batch).subspan(21)));
}

// A batch whose records are `records`, whatever they are, under `codec`.
inline Bytes batch_around(ByteView records, Compression codec, std::int32_t count,
                          std::int32_t last_offset_delta) {
    Bytes batch(kBatchHeaderBytes);
    batch.insert(batch.end(), records.begin(), records.end());
    store_u32_be(batch.data() + 8, static_cast<std::uint32_t>(batch.size() - 12));
    batch[16] = std::byte{2};
    store_u16_be(batch.data() + 21, static_cast<std::uint16_t>(codec));
    store_u32_be(batch.data() + 23, static_cast<std::uint32_t>(last_offset_delta));
    store_u32_be(batch.data() + 57, static_cast<std::uint32_t>(count));
    mend_crc(batch);
    return batch;
}

// Opens a batch and walks it to its end: the number of records, or why not.
inline Result<int> walk(ByteView bytes, std::size_t bytes_max = BatchView::kDecompressedBytesMax) {
    HF_TRY(BatchView view, BatchView::open(bytes, bytes_max));
    RecordView record;
    for (int records = 0;; ++records) {
        HF_TRY(const bool more, view.next(record));
        if (!more) return records;
    }
}

} // namespace holdfast::record::samples
