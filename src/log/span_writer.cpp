#include "log/span_writer.hpp"

#include "log/catalog_codec.hpp"
#include "log/keys.hpp"
#include "log/time_index.hpp"

namespace holdfast::log {

// A partition has one span in a slice: where the stream came back to a class whose slice the
// partition has left, that slice ends.
Result<void> stage_open_span(Store& store, Partition& partition, const Stream& stream,
                             std::int64_t now_ms, kv::WriteBatch& batch) {
    const SliceClass slice_class = stream.settings.compacts()
                                       ? SliceClass::compacted
                                       : slice_class_for(stream.settings.retention_ms);
    const auto writable = [&] {
        return store.slices.writable(slice_class, now_ms, store.slice_bytes_max(), *store.database);
    };
    HF_TRY(auto slice, writable());
    if (!partition.time.is_known) {
        HF_TRY(load_time(store, partition));
    }
    if (!partition.spans().empty() && partition.spans().back().slice == slice) return ok();
    if (partition.has_span_in(*slice)) {
        store.slices.close_open(slice_class, now_ms);
        HF_TRY(slice, writable());
    }
    if (!partition.spans().empty()) stage_span_time(store, partition, batch);
    partition.add_span({std::move(slice), partition.next_offset, 0, 0});
    return ok();
}

void stage_last_span(const Store& store, Partition& partition, kv::WriteBatch& batch) {
    const Span& span = partition.spans().back();
    batch.put(store.meta, span_key(partition.id(), span.slice->number),
              encode_span({span.first_offset, span.bytes}));
    partition.mark_last_span_saved();
}

} // namespace holdfast::log
