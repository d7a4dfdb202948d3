#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace holdfast::record {

// Kafka's numbers: they reach the batch's attribute bits.
enum class Compression : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

// Encodes one record header (varint name length, name, varint value length, value) onto `out`.
// Callers that send the same headers again and again keep the encoded bytes.
void encode_header(Bytes& out, std::string_view name, ByteView value);

// Builds one Kafka RecordBatch v2 (docs/format/record_batch.md) in a buffer of its own that is
// kept for the next batch. Not thread-safe; may be handed to another thread whole.
//
// Hot path: append() costs one copy of key, headers and value.
class BatchBuilder {
public:
    BatchBuilder() = default;
    // A builder moved from is empty and may be used again.
    BatchBuilder(BatchBuilder&& other) noexcept;
    BatchBuilder& operator=(BatchBuilder&& other) noexcept;
    ~BatchBuilder() = default;

    // One record with the next offset. `key` without value is a null key; `value` without value
    // makes the record a tombstone. Headers come encoded by encode_header(), in `header_pieces`
    // that hold `header_count` of them together.
    void append(std::int64_t timestamp_ms, std::optional<ByteView> key,
                std::optional<ByteView> value, std::uint32_t header_count,
                std::span<const ByteView> header_pieces);

    // Upper bound of what such a record adds to size_bytes().
    [[nodiscard]] static std::size_t record_bytes_max(
        std::optional<ByteView> key, std::optional<ByteView> value,
        std::span<const ByteView> header_pieces) noexcept {
        std::size_t sum = kVarintsBytesMax;
        if (key) sum += key->size();
        if (value) sum += value->size();
        for (const ByteView piece : header_pieces) sum += piece.size();
        return sum;
    }

    [[nodiscard]] std::int32_t record_count() const noexcept { return record_count_; }
    // Bytes of the batch if it were finished now without compression, header included.
    [[nodiscard]] std::size_t size_bytes() const noexcept { return size_; }

    // Completes header and CRC; base offset 0, leader epoch 0, no producer. The bytes belong to the
    // builder and are valid and writable until clear(). At least one record: asserted.
    // Where compression would not make it smaller the batch stays uncompressed.
    [[nodiscard]] std::span<std::byte> finish(Compression compression = Compression::none);

    // Empties the builder; capacity stays, unless it is over `keep_bytes_max`.
    void clear(std::size_t keep_bytes_max = 4U << 20U);

private:
    static constexpr std::size_t kVarintsBytesMax = 48; // of one record beside its headers

    void reserve(std::size_t more);

    std::unique_ptr<std::byte[]> buffer_;
    std::unique_ptr<std::byte[]> compressed_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
    std::int32_t record_count_ = 0;
    std::int64_t base_timestamp_ms_ = 0;
    std::int64_t timestamp_max_ms_ = 0;
};

} // namespace holdfast::record
