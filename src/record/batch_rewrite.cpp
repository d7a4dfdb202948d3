#include <holdfast/record/batch_rewrite.hpp>

#include "record/batch_layout.hpp"
#include "record/codec.hpp"
#include "record/varint.hpp"

#include <holdfast/base/crc32c.hpp>

#include <algorithm>
#include <cassert>

namespace holdfast::record {
namespace {

void append_varint(Bytes& out, std::int64_t value) {
    const std::size_t at = out.size();
    out.resize(at + varint_bytes(value));
    put_varint(out.data() + at, value);
}

// Unsigned, so that hostile times wrap instead of being undefined.
std::int64_t difference(std::int64_t left, std::int64_t right) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(left) -
                                     static_cast<std::uint64_t>(right));
}

void put_nullable(Bytes& out, const std::optional<ByteView>& bytes) {
    append_varint(out, bytes ? static_cast<std::int64_t>(bytes->size()) : -1);
    if (bytes) out.insert(out.end(), bytes->begin(), bytes->end());
}

void put_record(Bytes& out, const RecordView& record, const BatchHeader& header,
                std::int64_t base_timestamp_ms) {
    Bytes fields{std::byte{0}};                       // attributes: none defined
    append_varint(fields, header.is_log_append_time() // then the time is the batch's
                              ? 0
                              : difference(record.timestamp_ms, base_timestamp_ms));
    append_varint(fields, record.offset - header.base_offset);
    put_nullable(fields, record.key);
    put_nullable(fields, record.is_tombstone ? std::nullopt : std::optional(record.value));
    append_varint(fields, record.header_count);
    fields.insert(fields.end(), record.headers.begin(), record.headers.end());
    append_varint(out, static_cast<std::int64_t>(fields.size()));
    out.insert(out.end(), fields.begin(), fields.end());
}

// What is left of the records, compressed as they were where that gains something.
void put_records(Bytes& out, ByteView records, Compression codec, std::uint16_t& attributes) {
    if (records.empty()) attributes &= static_cast<std::uint16_t>(~kCodecMask);
    if (codec != Compression::none && !records.empty()) {
        out.resize(kBatchHeaderBytes + records.size());
        const std::size_t bytes = compress(
            codec, records, std::span(out).subspan(kBatchHeaderBytes).first(records.size() - 1));
        if (bytes != 0) return out.resize(kBatchHeaderBytes + bytes);
        attributes &= static_cast<std::uint16_t>(~kCodecMask);
        out.resize(kBatchHeaderBytes);
    }
    out.insert(out.end(), records.begin(), records.end());
}

// Records that stay, encoded anew.
struct Kept {
    Bytes records;
    std::uint32_t count = 0;
    std::optional<std::int64_t> timestamp_max_ms;
};

Result<Kept> keep_some(BatchView& view, const std::vector<bool>& keeps,
                       std::int64_t base_timestamp_ms) {
    Kept kept;
    RecordView record;
    for (std::size_t i = 0;; ++i) {
        HF_TRY(const bool has_more, view.next(record));
        if (!has_more) return kept;
        if (i >= keeps.size() || !keeps[i]) continue;
        put_record(kept.records, record, view.header(), base_timestamp_ms);
        kept.timestamp_max_ms =
            std::max(kept.timestamp_max_ms.value_or(record.timestamp_ms), record.timestamp_ms);
        ++kept.count;
    }
}

// `batch` with other records; the caller's times still have to be stored, and then the checksum.
Bytes with_records(ByteView batch, const Kept& kept, Compression codec, std::uint16_t attributes) {
    Bytes out(batch.begin(), batch.begin() + kBatchHeaderBytes);
    put_records(out, kept.records, codec, attributes);
    store_u32_be(out.data() + kBatchLengthAt,
                 static_cast<std::uint32_t>(out.size() - kLeaderEpochAt));
    store_u16_be(out.data() + kAttributesAt, attributes);
    store_u32_be(out.data() + kRecordCountAt, kept.count);
    return out;
}

void store_checksum(Bytes& batch) {
    store_u32_be(batch.data() + kCrcAt, crc32c(ByteView(batch).subspan(kAttributesAt)));
}

} // namespace

Result<Bytes> rewrite_batch(ByteView batch, const std::vector<bool>& keeps,
                            std::optional<std::int64_t> delete_horizon_ms) {
    HF_TRY(auto view, BatchView::open(batch));
    const BatchHeader& header = view.header();
    const std::int64_t base_timestamp_ms = delete_horizon_ms.value_or(header.base_timestamp_ms);
    HF_TRY(const Kept kept, keep_some(view, keeps, base_timestamp_ms));
    assert(kept.timestamp_max_ms);
    std::uint16_t attributes = header.attributes;
    if (delete_horizon_ms) attributes |= kHasDeleteHorizon;
    Bytes out = with_records(batch, kept, header.compression(), attributes);
    store_u64_be(out.data() + kBaseTimestampAt, static_cast<std::uint64_t>(base_timestamp_ms));
    store_u64_be(out.data() + kTimestampMaxAt, static_cast<std::uint64_t>(*kept.timestamp_max_ms));
    store_checksum(out);
    return out;
}

Result<Bytes> thin_batch(ByteView batch, const std::vector<bool>& keeps) {
    HF_TRY(auto view, BatchView::open(batch));
    const BatchHeader& header = view.header();
    HF_TRY(const Kept kept, keep_some(view, keeps, header.base_timestamp_ms));
    Bytes out = with_records(batch, kept, header.compression(), header.attributes);
    store_checksum(out);
    return out;
}

} // namespace holdfast::record
