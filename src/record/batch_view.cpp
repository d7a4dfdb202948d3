#include <holdfast/record/batch_view.hpp>

#include "record/batch_layout.hpp"
#include "record/codec.hpp"
#include "record/field_reader.hpp"

#include <holdfast/base/crc32c.hpp>

#include <cassert>
#include <limits>
#include <utility>

namespace holdfast::record {
namespace {

constexpr std::int32_t kBatchLengthMin = 49; // header bytes behind the length field

Error corrupt(const char* what) {
    return fail(Errc::corrupt, what);
}

// Header names and values must lie inside the record: walked once here, so that nobody need check
// them again.
bool headers_are_sound(ByteView headers, std::int64_t count) noexcept {
    FieldReader reader(headers);
    for (std::int64_t i = 0; i < count; ++i) {
        std::int64_t length = 0;
        if (!reader.varint(length) || length < 0) return false;
        if (!reader.skip(static_cast<std::size_t>(length))) return false;
        if (!reader.varint(length) || length < -1) return false;
        if (length > 0 && !reader.skip(static_cast<std::size_t>(length))) return false;
    }
    return reader.rest().empty();
}

// False where the fields do not fill `bytes` or contradict the header.
bool read_record(ByteView bytes, const BatchHeader& header, RecordView& record) noexcept {
    FieldReader reader(bytes);
    std::int64_t timestamp_delta = 0;
    std::int64_t offset_delta = 0;
    std::optional<ByteView> value;
    std::int64_t header_count = 0;
    if (!reader.skip(1)) return false; // attributes: none are defined
    if (!reader.varlong(timestamp_delta) || !reader.varint(offset_delta)) return false;
    if (!reader.nullable(record.key) || !reader.nullable(value)) return false;
    if (!reader.varint(header_count) || header_count < 0) return false;
    if (offset_delta < 0 || offset_delta > header.last_offset_delta) return false;
    record.offset = header.base_offset + offset_delta;
    // Unsigned, so that a hostile delta wraps instead of being undefined.
    record.timestamp_ms =
        header.is_log_append_time()
            ? header.timestamp_max_ms
            : static_cast<std::int64_t>(static_cast<std::uint64_t>(header.base_timestamp_ms) +
                                        static_cast<std::uint64_t>(timestamp_delta));
    record.value = value.value_or(ByteView{});
    record.is_tombstone = !value.has_value();
    record.header_count = static_cast<std::uint32_t>(header_count);
    record.headers = reader.rest();
    return headers_are_sound(record.headers, header_count);
}

} // namespace

std::optional<ByteView> RecordView::header(std::string_view name) const {
    HeaderCursor cursor(*this);
    for (HeaderView header; cursor.next(header);)
        if (header.name == name) return header.value;
    return std::nullopt;
}

bool HeaderCursor::next(HeaderView& header) {
    if (left_ == 0) return false;
    --left_;
    FieldReader reader(rest_);
    ByteView name;
    std::int64_t length = 0;
    header.value = {};
    // Sound by construction (headers_are_sound): a failure here would be our own bug.
    bool is_sound = reader.varint(length) && reader.take(static_cast<std::size_t>(length), name) &&
                    reader.varint(length);
    if (length > 0)
        is_sound = is_sound && reader.take(static_cast<std::size_t>(length), header.value);
    assert(is_sound);
    header.name = as_text(name);
    rest_ = reader.rest();
    return is_sound;
}

Result<BatchHeader> decode_batch_header(ByteView bytes) {
    if (bytes.size() < kBatchHeaderBytes)
        return fail(Errc::malformed, "fewer bytes than a batch header");
    const std::byte* at = bytes.data();
    if (at[16] != std::byte{2}) return fail(Errc::not_supported, "record batch magic is not 2");
    BatchHeader header;
    header.base_offset = static_cast<Offset>(load_u64_be(at));
    header.batch_length = static_cast<std::int32_t>(load_u32_be(at + 8));
    header.leader_epoch = static_cast<std::int32_t>(load_u32_be(at + 12));
    header.crc = load_u32_be(at + 17);
    header.attributes = load_u16_be(at + 21);
    header.last_offset_delta = static_cast<std::int32_t>(load_u32_be(at + 23));
    header.base_timestamp_ms = static_cast<std::int64_t>(load_u64_be(at + 27));
    header.timestamp_max_ms = static_cast<std::int64_t>(load_u64_be(at + 35));
    header.producer_id = static_cast<std::int64_t>(load_u64_be(at + 43));
    header.producer_epoch = static_cast<std::int16_t>(load_u16_be(at + 51));
    header.base_sequence = static_cast<std::int32_t>(load_u32_be(at + 53));
    header.record_count = static_cast<std::int32_t>(load_u32_be(at + 57));
    if (header.batch_length < kBatchLengthMin) return corrupt("batch length below its header");
    if (header.size_bytes() > bytes.size())
        return fail(Errc::malformed, "fewer bytes than the batch says");
    return header;
}

BatchView::BatchView(BatchHeader header, ByteView records, Bytes decompressed)
    : header_(header),
      decompressed_(std::move(decompressed)),
      records_(header.compression() == Compression::none ? records : ByteView(decompressed_)),
      left_(header.record_count) {}

Result<BatchView> BatchView::open(ByteView bytes, std::size_t decompressed_bytes_max) {
    HF_TRY(const BatchHeader header, decode_batch_header(bytes));
    if (crc32c(bytes.first(header.size_bytes()).subspan(kAttributesAt)) != header.crc)
        return corrupt("record batch fails its CRC");
    return open_fetched(bytes, decompressed_bytes_max);
}

Result<BatchView> BatchView::open_fetched(ByteView bytes, std::size_t decompressed_bytes_max) {
    HF_TRY(const BatchHeader header, decode_batch_header(bytes));
    if (header.record_count < 0 || header.last_offset_delta < 0 || header.base_offset < 0)
        return corrupt("negative count or offset in a batch header");
    if (header.base_offset > std::numeric_limits<Offset>::max() - header.last_offset_delta)
        return corrupt("last offset of a batch beyond 64 bits");
    const ByteView records = bytes.first(header.size_bytes()).subspan(kBatchHeaderBytes);
    if (header.compression() == Compression::none) return BatchView(header, records, {});
    HF_TRY(Bytes decompressed, decompress(header.compression(), records, decompressed_bytes_max));
    return BatchView(header, {}, std::move(decompressed));
}

Result<bool> BatchView::next(RecordView& record) {
    if (left_ == 0) {
        if (!records_.empty()) return corrupt("bytes behind the last record of a batch");
        return false;
    }
    --left_;
    FieldReader reader(records_);
    std::int64_t length = 0;
    if (!reader.varint(length) || length < 0) return corrupt("record length");
    ByteView bytes;
    if (!reader.take(static_cast<std::size_t>(length), bytes))
        return corrupt("record runs past its batch");
    records_ = reader.rest();
    if (!read_record(bytes, header_, record)) return corrupt("record fields do not fit its length");
    const std::int64_t delta = record.offset - header_.base_offset;
    if (delta <= last_delta_) return corrupt("record offset goes back");
    last_delta_ = delta;
    return true;
}

void set_base_offset(std::span<std::byte> batch, Offset base_offset) noexcept {
    store_u64_be(batch.data(), static_cast<std::uint64_t>(base_offset));
}

void set_append_time(std::span<std::byte> batch, std::int64_t append_ms) noexcept {
    batch[kAttributesAt + 1] |= std::byte{kLogAppendTime};
    store_u64_be(batch.data() + kTimestampMaxAt, static_cast<std::uint64_t>(append_ms));
    store_u32_be(batch.data() + kCrcAt, crc32c(batch.subspan(kAttributesAt)));
}

void set_producer(std::span<std::byte> batch, const ProducerStamp& stamp) noexcept {
    if (stamp.is_transactional) batch[kAttributesAt + 1] |= std::byte{kTransactional};
    if (stamp.is_control) batch[kAttributesAt + 1] |= std::byte{kControl};
    store_u64_be(batch.data() + kProducerIdAt, static_cast<std::uint64_t>(stamp.id));
    store_u16_be(batch.data() + kProducerEpochAt, static_cast<std::uint16_t>(stamp.epoch));
    store_u32_be(batch.data() + kBaseSequenceAt, static_cast<std::uint32_t>(stamp.base_sequence));
    store_u32_be(batch.data() + kCrcAt, crc32c(batch.subspan(kAttributesAt)));
}

} // namespace holdfast::record
