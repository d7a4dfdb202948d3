// Invariant: whatever bytes come, opening a batch and walking it ends in an error or in records
// that lie inside the batch with rising offsets; what was read builds again and reads back the
// same. The CRC is mended first: otherwise nothing behind it would ever be reached.

#include <holdfast/base/crc32c.hpp>
#include <holdfast/record/batch_view.hpp>

#include <cstdlib>

using namespace holdfast;
using namespace holdfast::record;

namespace {

constexpr std::size_t kDecompressedBytesMax = 1U << 20U;
constexpr std::size_t kCrcAt = 17;
constexpr std::size_t kCrcCoversFrom = 21;

void require(bool holds) {
    if (!holds) std::abort();
}

Bytes with_mended_crc(const std::uint8_t* data, std::size_t size) {
    const auto* bytes = reinterpret_cast<const std::byte*>(data);
    Bytes batch(bytes, bytes + size);
    if (const auto header = decode_batch_header(batch)) {
        const std::size_t covered = header.value().size_bytes() - kCrcCoversFrom;
        store_u32_be(batch.data() + kCrcAt,
                     crc32c(ByteView(batch).subspan(kCrcCoversFrom, covered)));
    }
    return batch;
}

void check_headers(const RecordView& record) {
    HeaderCursor cursor(record);
    std::uint32_t count = 0;
    for (HeaderView header; cursor.next(header); ++count)
        require(record.header(header.name).has_value());
    require(count == record.header_count);
}

void check_round_trip(const RecordView& record) {
    BatchBuilder builder;
    const ByteView headers[] = {record.headers};
    builder.append(record.timestamp_ms, record.key, record.value, record.header_count, headers);
    auto view = BatchView::open(builder.finish()).value();
    RecordView again;
    require(view.next(again).value());
    require(as_text(again.value) == as_text(record.value));
    require(again.key.has_value() == record.key.has_value());
    require(as_text(again.headers) == as_text(record.headers));
    require(again.timestamp_ms == record.timestamp_ms);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes batch = with_mended_crc(data, size);
    auto opened = BatchView::open(batch, kDecompressedBytesMax);
    if (!opened) return 0;
    BatchView view = std::move(opened).value();
    RecordView record;
    Offset before = view.header().base_offset - 1;
    for (int records = 0;; ++records) {
        const auto more = view.next(record);
        if (!more || !more.value()) return 0;
        require(record.offset > before && record.offset <= view.header().last_offset());
        before = record.offset;
        if (record.header_count < 64) check_headers(record);
        if (records < 16) check_round_trip(record);
    }
}
