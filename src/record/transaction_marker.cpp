#include <holdfast/record/transaction_marker.hpp>

#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>

namespace holdfast::record {
namespace {

constexpr std::uint16_t kVersion = 0;
constexpr std::uint32_t kCoordinatorEpoch = 0; // there is one coordinator

} // namespace

Bytes make_transaction_marker(std::int64_t producer_id, std::int16_t producer_epoch,
                              TransactionEnd end, std::int64_t timestamp_ms) {
    Bytes key, value;
    ByteWriter key_writer(key);
    key_writer.u16_be(kVersion);
    key_writer.u16_be(static_cast<std::uint16_t>(end));
    ByteWriter value_writer(value);
    value_writer.u16_be(kVersion);
    value_writer.u32_be(kCoordinatorEpoch);
    BatchBuilder builder;
    builder.append(timestamp_ms, ByteView(key), value, 0, {});
    const auto batch = builder.finish();
    ProducerStamp stamp;
    stamp.id = producer_id;
    stamp.epoch = producer_epoch;
    stamp.is_transactional = stamp.is_control = true;
    set_producer(batch, stamp);
    return {batch.begin(), batch.end()};
}

Result<TransactionEnd> read_transaction_marker(ByteView batch) {
    HF_TRY(auto view, BatchView::open(batch));
    RecordView record;
    HF_TRY(const bool has_record, view.next(record));
    if (!view.header().is_control() || !has_record || !record.key)
        return fail(Errc::corrupt, "a control batch without a control record");
    ByteReader key(*record.key);
    HF_TRY(const std::uint16_t version, key.u16_be());
    HF_TRY(const std::uint16_t type, key.u16_be());
    if (type > static_cast<std::uint16_t>(TransactionEnd::commit))
        return fail(Errc::not_supported,
                    fmt::format("control record of version {}, type {}", version, type));
    return static_cast<TransactionEnd>(type);
}

} // namespace holdfast::record
