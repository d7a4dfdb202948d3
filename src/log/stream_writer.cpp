#include "log/stream_writer.hpp"

#include "log/catalog_codec.hpp"
#include "log/keys.hpp"

namespace holdfast::log {

// Stream changes leave the write-ahead log at once: they are few, and no damage there may take
// the meaning of records with it.
Result<void> save_stream(Store& store, const Stream& stream) {
    kv::WriteBatch batch;
    Bytes next_id;
    ByteWriter(next_id).u32_be(store.next_stream_id);
    batch.put(store.meta, meta_key(MetaKind::next_stream_id), next_id);
    batch.put(store.meta, meta_key(MetaKind::stream, stream.id), encode_stream(stream));
    HF_TRY(store.database->write(batch, true));
    return store.database->flush(store.meta);
}

void stage_stream_end(const Store& store, const StreamEntry& entry, kv::WriteBatch& batch) {
    batch.remove(store.meta, meta_key(MetaKind::stream, entry.stream->id));
    for (const auto& partition : entry.partitions) {
        batch.remove(store.meta, meta_key(MetaKind::log_start, partition->id()));
        batch.remove(store.meta, meta_key(MetaKind::floor, partition->id()));
        batch.remove(store.meta, meta_key(MetaKind::cleaned, partition->id()));
        const RecordKey first = record_key(partition->id(), 0);
        const RecordKey end = partition_end_key(partition->id());
        for (const Span& span : partition->spans()) {
            batch.remove(store.meta, span_key(partition->id(), span.slice->number));
            if (span.slice->slice_class == SliceClass::compacted)
                batch.remove_range(span.slice->family, first, end);
        }
        batch.remove_range(store.producers, first, end);
        batch.remove_range(store.aborted, first, end);
        batch.remove_range(store.times, first, end);
    }
}

} // namespace holdfast::log
