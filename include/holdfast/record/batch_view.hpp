#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/record/batch_builder.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace holdfast::record {

// The fixed 61 bytes before the records; numbers as in docs/format/record_batch.md.
inline constexpr std::size_t kBatchHeaderBytes = 61;

struct BatchHeader {
    Offset base_offset = 0;
    std::int32_t batch_length = 0; // bytes after this field: the whole batch less 12
    std::int32_t leader_epoch = 0;
    std::uint32_t crc = 0;
    std::uint16_t attributes = 0;
    std::int32_t last_offset_delta = 0;
    std::int64_t base_timestamp_ms = 0;
    std::int64_t timestamp_max_ms = 0;
    std::int64_t producer_id = -1;
    std::int16_t producer_epoch = -1;
    std::int32_t base_sequence = -1;
    std::int32_t record_count = 0;

    [[nodiscard]] Offset last_offset() const noexcept { return base_offset + last_offset_delta; }
    [[nodiscard]] Compression compression() const noexcept {
        return static_cast<Compression>(attributes & 7U);
    }
    [[nodiscard]] bool is_transactional() const noexcept { return (attributes & 0x10U) != 0; }
    [[nodiscard]] bool is_control() const noexcept { return (attributes & 0x20U) != 0; }
    [[nodiscard]] bool is_log_append_time() const noexcept { return (attributes & 0x08U) != 0; }
    // From when on the batch's tombstones may go (KIP-534), where compaction has set it.
    [[nodiscard]] std::optional<std::int64_t> delete_horizon_ms() const noexcept {
        return (attributes & 0x40U) != 0 ? std::optional(base_timestamp_ms) : std::nullopt;
    }
    [[nodiscard]] std::size_t size_bytes() const noexcept {
        return static_cast<std::size_t>(batch_length) + 12;
    }
};

struct HeaderView {
    std::string_view name;
    ByteView value; // a null value (length -1) reads as empty
};

// One record; borrows from the batch (or, if it was compressed, from the BatchView).
struct RecordView {
    Offset offset = 0;
    std::int64_t timestamp_ms = 0; // ingest time
    std::optional<ByteView> key;
    ByteView value; // a null value (tombstone) has is_tombstone set
    bool is_tombstone = false;
    std::uint32_t header_count = 0;
    ByteView headers; // still encoded; see HeaderCursor

    // First header of that name, if any. Headers were checked when the record was read.
    [[nodiscard]] std::optional<ByteView> header(std::string_view name) const;
};

// Walks the headers of a record.
class HeaderCursor {
public:
    explicit HeaderCursor(const RecordView& record) noexcept
        : HeaderCursor(record.headers, record.header_count) {}
    HeaderCursor(ByteView headers, std::uint32_t count) noexcept : rest_(headers), left_(count) {}
    // The next header; false at the end.
    [[nodiscard]] bool next(HeaderView& header);

private:
    ByteView rest_;
    std::uint32_t left_;
};

// A checked batch: header decoded, CRC compared, records decompressed (within `bytes_max`), not yet
// walked. Borrows `bytes`, unless compressed. Errors: corrupt for a wrong CRC or lengths that
// contradict each other; limit_exceeded for a batch that decompresses past `bytes_max`;
// not_supported for magic other than 2 or an unknown codec.
class BatchView {
public:
    static constexpr std::size_t kDecompressedBytesMax = 64U << 20U;

    // Move only: a copy would read records that the original owns.
    BatchView(BatchView&&) noexcept = default;
    BatchView& operator=(BatchView&&) noexcept = default;
    ~BatchView() = default;

    // `bytes` starts at a batch and may hold more behind it.
    [[nodiscard]] static Result<BatchView> open(
        ByteView bytes, std::size_t decompressed_bytes_max = kDecompressedBytesMax);
    // The same without comparing the CRC: only for bytes that log::Log::fetch gave, which has
    // compared it just before. Damage behind a good CRC is an error here as well.
    [[nodiscard]] static Result<BatchView> open_fetched(
        ByteView bytes, std::size_t decompressed_bytes_max = kDecompressedBytesMax);

    [[nodiscard]] const BatchHeader& header() const noexcept { return header_; }

    // Decodes the next record into `record`; false at the end. corrupt where the records do not
    // fill the batch exactly, or an offset delta leaves [0, last_offset_delta] or goes back; then
    // `record` holds nothing of use.
    [[nodiscard]] Result<bool> next(RecordView& record);

private:
    BatchView(BatchHeader header, ByteView records, Bytes decompressed);

    BatchHeader header_;
    Bytes decompressed_; // owns the records of a compressed batch; a move keeps its address
    ByteView records_;   // not walked yet
    std::int32_t left_ = 0;
    std::int64_t last_delta_ = -1;
};

// Header alone, without the CRC check. corrupt, not_supported as above; malformed where `bytes` are
// fewer than a header or than the batch says.
[[nodiscard]] Result<BatchHeader> decode_batch_header(ByteView bytes);

// Base offset and leader epoch lie outside the CRC and are set in place.
void set_base_offset(std::span<std::byte> batch, Offset base_offset) noexcept;

// Makes `append_ms` the time of all records (Kafka's LogAppendTime) and renews the CRC. The batch
// is whole.
void set_append_time(std::span<std::byte> batch, std::int64_t append_ms) noexcept;

// Who sent a batch and as which of its batches: how duplicates are known and transactions ended.
struct ProducerStamp {
    std::int64_t id = -1;
    std::int16_t epoch = -1;
    std::int32_t base_sequence = -1;
    bool is_transactional = false;
    bool is_control = false;
};

// Stamps a whole batch and renews the CRC.
void set_producer(std::span<std::byte> batch, const ProducerStamp& stamp) noexcept;

} // namespace holdfast::record
